"""``larder monitor``: baselines, runs, reports, skew, quality and alerts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import orjson

import larder
from larder.cli.parsers import Commands, add_stage
from larder.event_time import iso_millis
from larder.monitoring.quality import Estimate, VariantQuality
from larder.monitoring.run_documents import RunReport, VariantRun, run_members
from larder.monitoring.skew import SkewReport


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's own commands and their options."""
    inner = parser.add_subparsers(required=True, metavar="command")
    _baseline_parser(inner)
    _run_parser(inner)
    _report_parser(inner)
    _skew_parser(inner)
    _quality_parser(inner)
    alerts = inner.add_parser("alerts", help="what is wrong now, as it was sent")
    add_stage(alerts)
    alerts.set_defaults(run=_alerts)


def _baseline_parser(inner: Commands) -> None:
    found = inner.add_parser(
        "baseline",
        help="make the baseline of a model of its training set",
        description="Counts a training set's columns as the model takes them, and keeps "
        "statistics.json and constraints.json. The same set again changes nothing. A run that is "
        "under way goes on with the baseline that it began with.",
    )
    found.add_argument("model", metavar="MODEL", help="GROUP/VERSION, an ARN, or a model's name")
    found.add_argument("--training-set", required=True, metavar="NAME")
    found.add_argument(
        "--constraints", metavar="FILE", help="constraints.json in place of the suggested ones"
    )
    add_stage(found)
    found.add_argument("--json", action="store_true", help="print JSON")
    found.set_defaults(run=_baseline)


def _run_parser(inner: Commands) -> None:
    found = inner.add_parser(
        "run",
        help="compare an endpoint's exposures with the baselines now",
        description="Runs come each hour and each day by themselves. Exit status: 0, or 1 where "
        "a violation was found.",
    )
    found.add_argument("endpoint", metavar="ENDPOINT")
    found.add_argument("--since", required=True, metavar="INSTANT", help="from then on, in UTC")
    found.add_argument("--until", default="", metavar="INSTANT", help="default: now")
    _add_output(found)
    found.set_defaults(run=_run)


def _report_parser(inner: Commands) -> None:
    found = inner.add_parser(
        "report",
        help="the newest run of an endpoint",
        description="Exit status: 0, or 1 where the run has a violation.",
    )
    found.add_argument("endpoint", metavar="ENDPOINT")
    found.add_argument(
        "--cadence", default="", choices=["hourly", "daily", "asked"], help="default: the newest"
    )
    _add_output(found)
    found.set_defaults(run=_report)


def _skew_parser(inner: Commands) -> None:
    found = inner.add_parser(
        "skew",
        help="compare vectors that were served with the history, as of each answer",
        description="Exit status: 0, or 1 where more than the given share of the values differs.",
    )
    found.add_argument("endpoint", metavar="ENDPOINT")
    found.add_argument("--since", required=True, metavar="INSTANT", help="from then on, in UTC")
    found.add_argument("--until", default="", metavar="INSTANT", help="default: now")
    found.add_argument("--sample", type=int, default=500, help="exposures, at most 1,000")
    found.add_argument("--salt", default="", help="another text chooses other exposures")
    found.add_argument("--most", type=float, default=0.0, metavar="SHARE", help="default: 0")
    add_stage(found)
    found.add_argument("--json", action="store_true", help="print JSON")
    found.set_defaults(run=_skew)


def _quality_parser(inner: Commands) -> None:
    found = inner.add_parser(
        "quality",
        help="how good the predictions were, by the labels that have arrived",
        description="Labels are joined by inference id, however late they come.",
    )
    found.add_argument("endpoint", metavar="ENDPOINT")
    found.add_argument(
        "--labels",
        required=True,
        metavar="GROUP",
        help="a feature group keyed by inference id, or database.table",
    )
    found.add_argument("--label", default="label", metavar="FEATURE", help="default: label")
    found.add_argument("--since", required=True, metavar="INSTANT", help="from then on, in UTC")
    found.add_argument("--until", default="", metavar="INSTANT", help="default: now")
    found.add_argument("--threshold", type=float, default=0.5, help="of precision; default: 0.5")
    add_stage(found)
    found.add_argument("--json", action="store_true", help="print JSON")
    found.set_defaults(run=_quality)


def _quality(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.monitoring.quality(
            options.endpoint,
            options.labels,
            since=options.since,
            until=options.until,
            label=options.label,
            threshold=options.threshold,
        )
    if options.json:
        print(orjson.dumps(found).decode())
    else:
        print("\n".join(line for each in found for line in quality_lines(each)))
    return 0


def quality_lines(found: VariantQuality) -> Iterator[str]:
    """A variant's quality for a person."""
    yield (
        f"{found.variant}: {found.labelled} of {found.exposures} exposures have a label "
        f"({found.joined:.2%})"
    )
    for title, each in (
        ("area under the curve", found.auc),
        ("logarithmic loss", found.log_loss),
        ("mean absolute error", found.mae),
        ("precision", found.precision),
    ):
        if each.value is not None:
            yield f"  {title}: {each.value:.4f}{_interval(each)}"
    if found.calibration is not None:
        yield f"  calibration error: {found.calibration:.4f}"


def _interval(each: Estimate) -> str:
    if each.low is None or each.high is None:
        return ""
    return f" (95 % confidence: {each.low:.4f} to {each.high:.4f})"


def _skew(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.monitoring.skew(
            options.endpoint,
            since=options.since,
            until=options.until,
            sample=options.sample,
            salt=options.salt,
        )
    if options.json:
        print(orjson.dumps(found).decode())
    else:
        print("\n".join(line for each in found for line in skew_lines(each)))
    return 1 if any(each.different_share > options.most for each in found) else 0


def skew_lines(report: SkewReport) -> Iterator[str]:
    """A comparison for a person."""
    yield f"{report.variant}: {report.sampled} exposures, {report.different_share:.3%} differ"
    for each in report.features:
        smape = "" if each.smape is None else f", SMAPE {each.smape:.4g}"
        yield (
            f"  {each.feature}: {each.mismatch} mismatch, {each.missing} missing, "
            f"{each.extra} extra of {each.compared}{smape}"
        )
        for one in each.worst[:1]:
            yield f"    {one.key}: served {one.left!r}, history {one.right!r}"
    for name, why in report.uncompared.items():
        yield f"  {name}: not compared: {why}"


def _add_output(parser: argparse.ArgumentParser) -> None:
    add_stage(parser)
    parser.add_argument("--html", metavar="FILE", help="write a page with plots, of one file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _baseline(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.monitoring.baseline(
            options.model, options.training_set, options.constraints
        )
    if options.json:
        print(orjson.dumps(found).decode())
    else:
        made = f"of {found.rows} rows, made at {iso_millis(found.made_at)}"
        print(f"{found.subject}: baseline {found.version} {made}")
    return 0


def _run(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.monitoring.run(options.endpoint, since=options.since, until=options.until)
        return _told(options, found, platform)


def _report(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.monitoring.report(options.endpoint, options.cadence)
        return _told(options, found, platform)


def _alerts(options: argparse.Namespace) -> int:
    with larder.connect(options.stage) as platform:
        found = platform.monitoring.alerts()
    for each in found:
        print(orjson.dumps(each).decode())
    return 1 if found else 0


def _told(options: argparse.Namespace, run: RunReport, platform: larder.Platform) -> int:
    if options.html:
        Path(options.html).write_text(platform.monitoring.html(run), encoding="utf-8")
    print(orjson.dumps(run_members(run)).decode() if options.json else "\n".join(lines(run)))
    return 1 if run.violations else 0


def lines(run: RunReport) -> Iterator[str]:
    """A run for a person."""
    yield f"{run.endpoint}: {run.exposures} exposures from {run.start} to {run.end}"
    for each in run.variants:
        yield from _variant(each)
    if run.split is not None and run.split.p_value is not None:
        yield f"split: p = {run.split.p_value:.4g}"
    for violation in run.violations:
        where = f" ({violation.variant})" if violation.variant else ""
        yield f"  VIOLATION{where}: {violation.description} [{violation.check}]"


def _variant(run: VariantRun) -> Iterator[str]:
    shadow = " (shadow)" if run.shadow else ""
    rows = "" if run.statistics is None else f"{run.statistics.rows} exposures; "
    against = f"baseline {run.baseline}" if run.baseline else ""
    yield f"  {run.variant}{shadow}: {rows}{'; '.join(filter(None, (against, run.note)))}"
    worst = sorted(run.drifts, key=lambda each: -each.stability)[:3]
    for each in worst:
        yield f"    {each.name}: PSI {each.stability:.4f}, JS distance {each.distance:.4f}"
