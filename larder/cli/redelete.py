"""``larder redelete GROUP --since TIME``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.cli.progress import ProgressBar
from larder.cli.text import charge
from larder.materialization.redelete import Redeleted


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Repeats online the deletions and erasures that were accepted since an instant, as they "
        "are in the history (on Athena): a restore of the online store to that instant has undone "
        "them. Newer records online stay. Safe at any time: twice is once. Leave out deletions "
        "that were part of the damage by --until."
    )
    parser.add_argument("group", help="the feature group's name or ARN")
    parser.add_argument(
        "--since", required=True, metavar="TIME", help="the instant that was restored"
    )
    parser.add_argument("--until", metavar="TIME", help="leave out what was accepted after this")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            done = platform.materialization.redelete(
                options.group,
                since=options.since,
                until=options.until,
                dry_run=options.dry_run,
                erase=platform.erasure.erase,
                report=bar,
            )
    finally:
        bar.end()
    print(orjson.dumps(asdict(done)).decode() if options.json else "\n".join(lines(done)))
    return 0


def lines(done: Redeleted) -> list[str]:
    """What was deleted again, for a person."""
    if done.dry_run:
        told = (
            f"{done.group}: {done.deletions:,} deletions in the history would be repeated, and "
            f"{done.erased:,} identifiers erased"
        )
    else:
        told = (
            f"{done.group}: of {done.deletions:,} deletions in the history {done.repeated:,} are "
            f"online now, {done.newer:,} met a newer record; {done.erased:,} identifiers were "
            "erased again"
        )
    return [told, f"  {charge(done.bytes_scanned)}"]
