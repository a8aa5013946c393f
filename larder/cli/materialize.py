"""``larder materialize GROUP``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

import orjson

from larder.cli.parsers import Commands
from larder.cli.progress import ProgressBar
from larder.cli.text import charge


def add_materialize(commands: Commands) -> None:
    """Add the command to a parser."""
    parser = commands.add_parser(
        "materialize",
        help="put the newest records of the history into the online store",
        description="Finds the newest version of each record in a group's offline table (on "
        "Athena) and writes it online, where nothing newer stands. Deleted and expired records are "
        "not brought back, and nothing is deleted. Safe at any time: twice is once. The "
        "environment names the platform (make env).",
    )
    parser.add_argument("group", help="the feature group's name or ARN")
    parser.add_argument("--as-of", metavar="TIME", help="leave out events after this instant")
    parser.add_argument("--since", metavar="TIME", help="only records with events since then")
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
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    try:
        return _warm(options, bar) if options.warm else _materialize(options, bar)
    except KeyboardInterrupt as stop:
        stop.add_note("run it again to go on")
        raise
    finally:
        bar.end()


def _materialize(options: argparse.Namespace, bar: ProgressBar) -> int:
    from larder.client.materialization import (  # noqa: PLC0415 - slow to import
        lean_memory,
        materialization,
    )

    lean_memory()
    done = materialization().materialize(
        options.group,
        as_of=options.as_of,
        since=options.since,
        max_writes_per_second=options.max_writes_per_second,
        report=bar,
    )
    bar.end()
    if options.json:
        print(orjson.dumps(asdict(done)).decode())
        return 0
    print(
        f"{done.group}: {done.records:,} records in the history, {done.stored:,} stand online as "
        f"there, {done.older:,} are newer online, {done.expired:,} expired, "
        f"in {done.seconds:,.1f} s"
    )
    print(f"  {charge(done.bytes_scanned)}")
    return 0


def _warm(options: argparse.Namespace, bar: ProgressBar) -> int:
    from larder.client.materialization import materialization  # noqa: PLC0415 - slow to import

    done = materialization().warm(options.group, report=bar)
    bar.end()
    text = f"{done.group}: {done.records:,} records read, {done.unanswered:,} not taken by Valkey"
    print(orjson.dumps(asdict(done)).decode() if options.json else text)
    return 1 if done.unanswered else 0
