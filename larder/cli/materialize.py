"""``larder materialize GROUP``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson

import larder
from larder.cli.parsers import add_stage
from larder.cli.progress import ProgressBar
from larder.cli.text import charge

if TYPE_CHECKING:
    from larder.client.materialization import MaterializationClient


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Finds the newest version of each record in a group's offline table (on Athena) and writes "
        "it online, unless a newer one is online. Deleted and expired records are not brought "
        "back, and nothing is deleted. Safe at any time: twice is once."
    )
    parser.add_argument("group", help="the feature group's name or ARN")
    _add_bounds(parser)
    parser.add_argument(
        "--warm",
        action="store_true",
        help="fill the in-memory tier from the online store instead; reads no history",
    )
    parser.add_argument(
        "--max-writes-per-second",
        type=float,
        default=1000.0,
        metavar="N",
        help="of the online store (default: %(default)g)",
    )
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=_run)


def _add_bounds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", metavar="TIME", help="leave out events after this instant")
    parser.add_argument("--since", metavar="TIME", help="only records with events since then")
    parser.add_argument(
        "--incremental",
        action="store_true",
        help="only rows that were added to the table since the last run, whatever their event "
        "times; a full run where those can't be told",
    )


def _run(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        with larder.connect(options.stage) as platform:
            client = platform.materialization
            run = _warm if options.warm else _materialize
            return run(client, options, bar)
    except KeyboardInterrupt as stop:
        stop.add_note("run it again to go on")
        raise
    finally:
        bar.end()


def _materialize(
    client: MaterializationClient, options: argparse.Namespace, bar: ProgressBar
) -> int:
    client.use_lean_memory()
    done = client.materialize(
        options.group,
        as_of=options.as_of,
        since=options.since,
        incremental=options.incremental,
        max_writes_per_second=options.max_writes_per_second,
        report=bar,
    )
    bar.end()
    if options.json:
        print(orjson.dumps(asdict(done)).decode())
        return 0
    if done.full_because:
        print(f"a full run: {done.full_because}")
    added = "" if done.rows_added is None else f"{done.rows_added:,} rows were added, newest of "
    where = " in the history" if done.rows_added is None else ""
    print(
        f"{done.group}: {added}{done.records:,} records{where}, {done.stored:,} are the same "
        f"online, {done.older:,} are newer online, {done.expired:,} expired, "
        f"in {done.seconds:,.1f} s"
    )
    if done.rows_added is None:
        print(f"  {charge(done.bytes_scanned)}")
    return 0


def _warm(client: MaterializationClient, options: argparse.Namespace, bar: ProgressBar) -> int:
    done = client.warm(options.group, report=bar)
    bar.end()
    text = f"{done.group}: {done.records:,} records read, {done.unanswered:,} not taken by Valkey"
    print(orjson.dumps(asdict(done)).decode() if options.json else text)
    return 1 if done.unanswered else 0
