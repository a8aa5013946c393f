"""``larder consistency``: whether a pipeline's stores, history and source agree."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.extras import needs


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add options and description."""
    parser.description = (
        "Compares a sample of a pipeline's records: the online store with the history, the history "
        "with what the source gives now, and when rows were written with their event time. Exit "
        "status 1 where cells differ."
    )
    parser.add_argument("name", help="the feature group that the pipeline writes")
    add_stage(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--sample", type=int, metavar="N", help="how many records (default: as the file says, 200)"
    )
    which.add_argument(
        "--stored", action="store_true", help="show the newest report of the schedule"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    with needs("offline", "larder consistency"):
        from larder.client.consistency import lines  # noqa: PLC0415 - optional

    with larder.connect(options.stage) as platform:
        if options.stored:
            report = platform.pipelines.stored_consistency(options.name)
        else:
            report = platform.pipelines.consistency(options.name, sample=options.sample)
    if report is None:
        print(f"larder consistency: {options.name} has no stored report", file=sys.stderr)
        return 1
    print(orjson.dumps(asdict(report)).decode() if options.json else "\n".join(lines(report)))
    return 1 if report.different else 0
