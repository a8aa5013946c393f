"""The ``larder`` command: ``python -m larder redrive``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

import orjson

from larder.adapters.redrive_aws import open_failure_objects, open_writer
from larder.redrive import Redrive, Redriven

_FAILURE_PREFIXES = ("aws/lambda/", "quarantine/")
_BUCKET = "LARDER_OFFLINE_BUCKET"
_FUNCTION = "LARDER_OFFLINE_WRITER_FUNCTION"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 all done, 1 objects were kept, 2 bad usage."""
    options = _parser().parse_args(arguments)
    for name, value in (("--bucket", options.bucket), ("--function", options.function)):
        if not value:
            variable = _BUCKET if name == "--bucket" else _FUNCTION
            print(f"larder redrive: give {name} or set {variable}", file=sys.stderr)
            return 2
    redrive = Redrive(
        open_failure_objects(options.bucket),
        open_writer(options.function),
        _print_json if options.json else _print_line,
    )
    results = redrive.run(options.prefix or _FAILURE_PREFIXES, dry_run=options.dry_run)
    kept = sum(result.problem is not None for result in results)
    if not options.json:
        verb = "would be redriven" if options.dry_run else "redriven"
        print(f"{len(results) - kept} objects {verb}, {kept} kept")
    return 1 if kept else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="larder", description="Larder's maintenance commands.")
    commands = parser.add_subparsers(required=True, metavar="command")
    redrive = commands.add_parser(
        "redrive",
        help="write again what the offline writer could not",
        description="Sends the records of failed batches and of the quarantine to the offline "
        "writer again, and deletes each object once all its records are in their tables. Safe "
        "at any time: records that are there already are dropped.",
    )
    redrive.add_argument(
        "--prefix",
        action="append",
        help=f"where to look, may be repeated (default: {' and '.join(_FAILURE_PREFIXES)})",
    )
    redrive.add_argument("--bucket", default=os.environ.get(_BUCKET), help=f"default: ${_BUCKET}")
    redrive.add_argument(
        "--function", default=os.environ.get(_FUNCTION), help=f"default: ${_FUNCTION}"
    )
    redrive.add_argument("--dry-run", action="store_true", help="only read and count")
    redrive.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _print_json(done: Redriven) -> None:
    print(orjson.dumps(asdict(done)).decode(), flush=True)


def _print_line(done: Redriven) -> None:
    outcome = f"kept: {done.problem}" if done.problem else f"{done.rows} rows written"
    extra = f", {done.duplicates} were there" if done.duplicates else ""
    print(f"{done.key}: {done.records} records, {outcome}{extra}", flush=True)
