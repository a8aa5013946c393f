"""``larder experiment report ENDPOINT``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.models.experiment import Difference
from larder.models.report_experiment import ExperimentReport, VariantReport


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's own commands and their options."""
    inner = parser.add_subparsers(required=True, metavar="command")
    report = inner.add_parser(
        "report",
        help="units, scores and labels of an endpoint's variants",
        description="Counts the units that each variant of an endpoint met, and tests them against "
        "the weights (sample ratio mismatch). With labels it compares the variants by the mean of "
        "each unit's labels. Exit status: 0, or 1 where the split is suspect.",
    )
    report.add_argument("endpoint", metavar="ENDPOINT")
    report.add_argument("--since", default="", metavar="INSTANT", help="from then on, in UTC")
    report.add_argument("--until", default="", metavar="INSTANT", help="until before then")
    report.add_argument(
        "--labels",
        metavar="FILE_OR_TABLE",
        help="columns inference_id and label: a file, a table, or database.table",
    )
    report.add_argument(
        "--control", default="", metavar="VARIANT", help="default: that with the most units"
    )
    add_stage(report)
    report.add_argument("--json", action="store_true", help="print JSON")
    report.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.experiments.report(
            options.endpoint,
            since=options.since,
            until=options.until,
            labels=options.labels,
            control=options.control,
        )
    print(orjson.dumps(asdict(found)).decode() if options.json else "\n".join(lines(found)))
    return 1 if found.split.is_suspect else 0


def lines(found: ExperimentReport) -> Iterator[str]:
    """A report for a person."""
    yield f"{found.endpoint}: {found.units} units"
    for each in found.variants:
        yield from _variant(each)
    split = found.split
    if split.p_value is not None:
        yield f"split: chi-square {split.statistic:.2f}, p = {split.p_value:.4g}"
    if split.is_suspect:
        yield (
            "  SUSPECT: units are not split by the weights (sample ratio mismatch). Find the cause "
            "before you trust a difference."
        )
    for name, less in found.differences.items():
        yield f"label of {name} less that of {found.control}: {_difference(less)}"


def _variant(found: VariantReport) -> Iterator[str]:
    if found.shadow:
        yield f"  {found.name} (shadow): {found.exposures} exposures"
    else:
        moved = f", {found.moved} met another variant too" if found.moved else ""
        yield (
            f"  {found.name}: {found.units} units ({found.expected:.0f} expected){moved}; "
            f"{found.exposures} exposures"
        )
    scores = found.scores
    if scores.count:
        yield (
            f"    score: mean {_short(scores.mean)}, deviation {_short(scores.deviation)}, "
            f"5 % {_short(scores.p5)}, median {_short(scores.median)}, 95 % {_short(scores.p95)} "
            f"({_short(scores.least)} to {_short(scores.greatest)})"
        )
    if found.label is not None:
        yield f"    label: mean {_short(found.label.mean)} of {found.label.count} units"


def _difference(each: Difference) -> str:
    if each.low is None or each.high is None:
        return f"{_short(each.difference)}; too few units for an interval"
    low, high = _short(each.low), _short(each.high)
    return f"{_short(each.difference)} (95 % confidence: {low} to {high})"


def _short(value: float | None) -> str:
    return "none" if value is None else f"{value:.5g}"
