"""A run as one HTML page with plots as SVG: it opens without network and runs no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from larder.monitoring.judge import ColumnDrift
from larder.monitoring.run_documents import RunReport, VariantRun
from larder.monitoring.statistics import ColumnStatistics, Statistics
from larder.monitoring.violations import Violation

_WIDTH, _HEIGHT, _BAR = 360, 110, 90
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;
padding:0 1rem;color:#1c2733}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #d5dce3}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid #e6ebf0;vertical-align:top}td.n,th.n{text-align:right;
font-variant-numeric:tabular-nums}.bad{color:#a3221b;font-weight:600}.good{color:#1d6b3a}
figure{display:inline-block;margin:.6rem 1rem .6rem 0}figcaption{font-size:.85rem}
.was{fill:#9fb3c8}.now{fill:#1f5f99}small{color:#566573}
"""


def report_html(run: RunReport, baselines: Mapping[str, Statistics | None]) -> str:
    """The page of a run; ``baselines`` are the statistics that each variant was compared with."""
    title = escape(f"Monitoring of {run.endpoint}, {run.start} to {run.end}")
    body = "".join(_body(run, baselines))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>{body}</body></html>"
    )


def _body(run: RunReport, baselines: Mapping[str, Statistics | None]) -> Iterator[str]:
    yield f"<p>{run.exposures} exposures; {escape(str(run.cadence))} window.</p>"
    if run.violations:
        yield f'<p class="bad">{len(run.violations)} violations</p>'
        yield _table(("Variant", "Feature", "Check", "What was found"), map(_row, run.violations))
    else:
        yield '<p class="good">No violation.</p>'
    if run.split is not None:
        yield from _split(run)
    for each in run.variants:
        yield from _variant(each, baselines.get(each.variant))


def _row(violation: Violation) -> tuple[str, ...]:
    where = violation.variant or "all"
    return where, violation.feature, str(violation.check), violation.description


def _split(run: RunReport) -> Iterator[str]:
    split = run.split
    if split is None:
        return
    yield "<h2>Units by variant</h2>"
    rows = (
        (name, str(split.units.get(name, 0)), f"{expected:.0f}")
        for name, expected in split.expected.items()
    )
    yield _table(("Variant", "Units", "Expected"), rows)
    if split.p_value is not None:
        yield f"<p><small>Sample ratio mismatch: p = {split.p_value:.3g}</small></p>"


def _variant(run: VariantRun, baseline: Statistics | None) -> Iterator[str]:
    shadow = " (shadow)" if run.shadow else ""
    yield f"<h2>Variant {escape(run.variant)}{shadow}</h2>"
    about = f"model {run.model}"
    if run.baseline:
        about += f", baseline {run.baseline} of training set {run.training_set}"
    if run.note:
        about += f"; {run.note}"
    yield f"<p>{escape(about)}</p>"
    if run.statistics is None:
        return
    bad = {each.feature for each in run.violations}
    drifts = {each.name: each for each in run.drifts}
    yield _columns(run.statistics, drifts, bad)
    for column in sorted(run.statistics.columns, key=lambda one: one.name not in bad):
        before = baseline.column(column.name) if baseline else None
        if before is not None and before.present and column.present:
            yield _plot(before, column, column.name in bad)


def _columns(statistics: Statistics, drifts: Mapping[str, ColumnDrift], bad: set[str]) -> str:
    head = ("Feature", "Missing", "Mean", "Range", "PSI", "JS distance", "KS p (shown only)")
    rows = []
    for each in statistics.columns:
        drift = drifts.get(each.name)
        numbers = (
            f"{1 - each.completeness:.2%}",
            _short(each.mean),
            f"{_short(each.minimum)} to {_short(each.maximum)}",
            _short(drift.stability if drift else None),
            _short(drift.distance if drift else None),
            _short(drift.ks_p_value if drift else None),
        )
        mark = "bad" if each.name in bad else ""
        cells = "".join(f'<td class="n">{escape(cell)}</td>' for cell in numbers)
        rows.append(f'<tr><td class="{mark}">{escape(each.name)}</td>{cells}</tr>')
    names = "".join(f'<th class="{"n" if place else ""}">{n}</th>' for place, n in enumerate(head))
    return f"<table><tr>{names}</tr>{''.join(rows)}</table>"


def _plot(before: ColumnStatistics, now: ColumnStatistics, is_bad: bool) -> str:
    """Both sides' share of each bucket, side by side."""
    pairs = list(zip(_shares(before), _shares(now), strict=False))
    greatest = max((share for pair in pairs for share in pair), default=0.0) or 1.0
    step = _WIDTH / max(1, len(pairs))
    bars = []
    for place, pair in enumerate(pairs):
        for side, share in enumerate(pair):
            high = _BAR * share / greatest
            left = place * step + step * (0.08 + 0.42 * side)
            bars.append(
                f'<rect class="{("was", "now")[side]}" x="{left:.1f}" y="{_BAR - high:.1f}" '
                f'width="{step * 0.42:.1f}" height="{high:.1f}"><title>{share:.2%}</title></rect>'
            )
    mark = ' class="bad"' if is_bad else ""
    return (
        f'<figure><svg role="img" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-label="{escape(now.name)}">{"".join(bars)}'
        f'<line x1="0" y1="{_BAR}" x2="{_WIDTH}" y2="{_BAR}" stroke="#566573"/></svg>'
        f"<figcaption><span{mark}>{escape(now.name)}</span> <small>{_bounds(before)}; pale: "
        f"baseline, dark: now</small></figcaption></figure>"
    )


def _bounds(column: ColumnStatistics) -> str:
    if column.is_category:
        return escape(", ".join(column.values[:6]) + (" …" if len(column.values) > 6 else ""))
    edges = column.edges
    return f"{_short(edges[0])} to {_short(edges[-1])}" if edges else ""


def _shares(column: ColumnStatistics) -> list[float]:
    total = sum(column.histogram) or 1
    return [each / total for each in column.histogram]


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    names = "".join(f"<th>{escape(each)}</th>" for each in head)
    lines = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{names}</tr>{''.join(lines)}</table>"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
