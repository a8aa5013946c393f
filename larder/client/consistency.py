"""A consistency report with an HTML form, and its lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from larder.client.html import as_shown, facts, table
from larder.pipelines.consistency.report import (
    Comparison,
    ConsistencyReport,
    FeatureComparison,
    Timeliness,
)

COLUMNS = ("Feature", "Compared", "Mismatch", "Missing", "Extra", "SMAPE", "Worst")
TOO_LATE = 0.01
"""The share of late rows from which ``available_after`` is too short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConsistency(ConsistencyReport):
    """A report as notebooks show it."""

    def _repr_html_(self) -> str:
        head = facts(
            f"Consistency of {self.pipeline}, revision {self.revision}",
            {"At": self.at, "Records": self.keys, "Published in time": in_time(self.timeliness)},
        )
        tables = "".join(
            table(heading(each), COLUMNS, map(cells, each.features)) for each in self.comparisons
        )
        return head + tables


def shown(report: ConsistencyReport) -> ShownConsistency:
    """The report with an HTML form."""
    return as_shown(ShownConsistency, report)


def lines(report: ConsistencyReport) -> Iterator[str]:
    """The report for a person; features that agree are counted, the others are listed."""
    yield (
        f"{report.pipeline} (revision {report.revision}) at {report.at}: {report.keys:,} records, "
        f"{report.different:,} of {report.cells:,} cells differ"
    )
    for each in report.comparisons:
        yield f"  {heading(each)}"
        for feature in each.features:
            if feature.different:
                yield from _feature_lines(feature)
    yield f"  published in time: {in_time(report.timeliness)}"
    yield from (f"  {note}" for note in report.notes)


def heading(comparison: Comparison) -> str:
    """A comparison in one line."""
    told = [f"{comparison.question}: {comparison.compared:,} records"]
    told.append(f"{comparison.different:,} mismatches")
    if comparison.older:
        told.append(f"{comparison.older:,} older online")
    told += [f"{number:,} {cause}" for cause, number in sorted(comparison.uncompared.items())]
    if comparison.causes:
        causes = (f"{number:,} {cause}" for cause, number in sorted(comparison.causes.items()))
        told.append(f"of the records that differ: {', '.join(causes)}")
    return ", ".join(told)


def in_time(found: Timeliness) -> str:
    """How many rows were late, and what to do where they are many."""
    if not found.rows:
        return "no rows of scheduled runs in the last 7 days"
    told = (
        f"{found.late:,} of {found.rows:,} rows late ({found.late_share:.1%}), written "
        f"{_lag(found.p50_seconds)} (p50) and {_lag(found.p99_seconds)} (p99)"
    )
    return f"{told}: raise available_after" if found.late_share > TOO_LATE else told


def cells(feature: FeatureComparison) -> tuple[object, ...]:
    """A feature as a row of ``COLUMNS``."""
    worst = "; ".join(f"{each.key}: {each.left} / {each.right}" for each in feature.worst)
    smape = None if feature.smape is None else f"{feature.smape:.3g}"
    counts = (feature.compared, feature.mismatch, feature.missing, feature.extra)
    return (feature.feature, *counts, smape, worst)


def _feature_lines(feature: FeatureComparison) -> Iterator[str]:
    smape = "" if feature.smape is None else f", smape {feature.smape:.3g}"
    yield (
        f"    {feature.feature}: {feature.mismatch:,} mismatch, {feature.missing:,} missing, "
        f"{feature.extra:,} extra of {feature.compared:,}{smape}"
    )
    for each in feature.worst:
        yield f"      {each.key}: {each.left!r} / {each.right!r}"


def _lag(seconds: float | None) -> str:
    value = seconds or 0.0
    return f"{abs(value):,.0f} s {'after' if value > 0 else 'before'} their event time"
