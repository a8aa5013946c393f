"""``larder reconcile GROUP``: whether a group's two stores agree, and their repair."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.cli.progress import ProgressBar
from larder.cli.text import charge
from larder.extras import needs


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add options and description."""
    parser.description = (
        "Compares each record of the online store with the newest of the group's history (on "
        "Athena): which are missing or older on either side, and which have other values. What is "
        "under way is not compared. With --repair each difference is repaired towards the newer "
        "side; nothing newer is overwritten, and twice is once. Exit status 1 where differences "
        "remain."
    )
    parser.add_argument("group", help="the feature group's name or ARN")
    parser.add_argument("--repair", action="store_true", help="make the stores agree")
    _add_bounds(parser)
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=_run)


def _add_bounds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="only what was accepted since then")
    parser.add_argument("--until", metavar="TIME", help="only what was accepted until then")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="compare so many of the group's shards (of 64)"
    )
    parser.add_argument(
        "--grace",
        type=float,
        metavar="SECONDS",
        help="how long a version may be under way where nothing proves its arrival (default: 900)",
    )
    parser.add_argument(
        "--list", action="store_true", help="print each difference too, one a line on stderr"
    )
    parser.add_argument(
        "--max-writes-per-second",
        type=float,
        default=1000.0,
        metavar="N",
        help="of a repair into the online store (default: %(default)g)",
    )


def _run(options: argparse.Namespace) -> int:
    with needs("offline", "larder reconcile"):
        from larder.client.reconciliation import lines  # noqa: PLC0415
        from larder.reconciliation.reconcile import GRACE_SECONDS  # noqa: PLC0415

    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            found = platform.reconciliation.reconcile(
                options.group,
                repair=options.repair,
                since=options.since,
                until=options.until,
                sample=options.sample,
                grace_seconds=GRACE_SECONDS if options.grace is None else options.grace,
                max_writes_per_second=options.max_writes_per_second,
                note=_print if options.list else _ignore,
                report=bar,
            )
    except KeyboardInterrupt as stop:
        stop.add_note("run it again to go on")
        raise
    finally:
        bar.end()
    if options.json:
        counted = {"different": found.different, "remaining": found.remaining}
        print(orjson.dumps(asdict(found) | counted, option=orjson.OPT_NON_STR_KEYS).decode())
    else:
        print("\n".join([*lines(found), f"  {charge(found.bytes_scanned)}"]))
    return 1 if found.remaining else 0


def _print(kind: str, identifier: str) -> None:
    print(f"{kind}\t{identifier}", file=sys.stderr)


def _ignore(_kind: str, _identifier: str) -> None:
    """Differences are only counted."""
