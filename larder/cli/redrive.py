"""``larder redrive``."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict

import orjson

from larder.bucket_folders import QUARANTINE, SPILLED
from larder.extras import needs
from larder.offline.redrive import Redrive, Redriven

_PREFIXES = (SPILLED, QUARANTINE)
_BUCKET = "LARDER_OFFLINE_BUCKET"
_FUNCTION = "LARDER_OFFLINE_WRITER_FUNCTION"


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = (
        "Sends the records of failed batches and of the quarantine to the offline writer again, "
        "and deletes each object once all its records are in their tables. Safe at any time: "
        "records that are in their tables already are dropped."
    )
    parser.add_argument(
        "--prefix",
        action="append",
        help=f"where to look, may be repeated (default: {' and '.join(_PREFIXES)})",
    )
    parser.add_argument("--bucket", default=os.environ.get(_BUCKET), help=f"default: ${_BUCKET}")
    parser.add_argument(
        "--function", default=os.environ.get(_FUNCTION), help=f"default: ${_FUNCTION}"
    )
    parser.add_argument("--dry-run", action="store_true", help="only read and count")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_redrive)


def _redrive(options: argparse.Namespace) -> int:
    for name, value in (("--bucket", options.bucket), ("--function", options.function)):
        if not value:
            variable = _BUCKET if name == "--bucket" else _FUNCTION
            print(f"larder redrive: give {name} or set {variable}", file=sys.stderr)
            return 2
    with needs("cli", "larder redrive"):
        from larder.wiring.redrive import open_failure_objects, open_writer  # noqa: PLC0415

    redrive = Redrive(
        open_failure_objects(options.bucket),
        open_writer(options.function),
        _print_json if options.json else _print_line,
    )
    results = redrive.run(options.prefix or _PREFIXES, dry_run=options.dry_run)
    kept = sum(result.problem is not None for result in results)
    if not options.json:
        verb = "would be redriven" if options.dry_run else "redriven"
        print(f"{len(results) - kept} objects {verb}, {kept} kept")
    return 1 if kept else 0


def _print_json(done: Redriven) -> None:
    print(orjson.dumps(asdict(done)).decode(), flush=True)


def _print_line(done: Redriven) -> None:
    outcome = f"kept: {done.problem}" if done.problem else f"{done.rows} rows written"
    extra = f", {done.duplicates} were there" if done.duplicates else ""
    print(f"{done.key}: {done.records} records, {outcome}{extra}", flush=True)
