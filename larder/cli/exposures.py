"""``larder exposures list`` and ``larder exposures redrive``."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict

import orjson

from larder.extras import needs
from larder.models.redrive_exposures import ALL, PARKED, QUARANTINED, ExposureRedrive, SetAside

_BUCKET = "LARDER_OFFLINE_BUCKET"
_FUNCTION = "LARDER_EXPOSURE_WRITER_FUNCTION"
_PLACES = {"parked": (PARKED,), "quarantine": (QUARANTINED,), "all": ALL}


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's own commands and their options."""
    inner = parser.add_subparsers(required=True, metavar="command")
    listing = inner.add_parser(
        "list",
        help="what the exposure writer set aside, and why",
        description="Names the deliveries that wait for the table of exposures, and the lines "
        "that could not be read. Nothing is changed.",
    )
    redrive = inner.add_parser(
        "redrive",
        help="give it to the exposure writer again",
        description="Gives each delivery and each line to the exposure writer again, and deletes "
        "the object once nothing of it was set aside again. Safe at any time: rows that are in "
        "the table already are dropped. The writer takes parked deliveries up itself each hour; "
        "lines in quarantine wait for you, until a release can read them.",
    )
    for command in (listing, redrive):
        command.add_argument("--only", choices=sorted(_PLACES), default="all")
        command.add_argument(
            "--bucket", default=os.environ.get(_BUCKET), help=f"default: ${_BUCKET}"
        )
        command.add_argument("--json", action="store_true", help="one JSON object a line")
    redrive.add_argument(
        "--function", default=os.environ.get(_FUNCTION), help=f"default: ${_FUNCTION}"
    )
    listing.set_defaults(run=_run, function="", only_list=True)
    redrive.set_defaults(run=_run, only_list=False)


def _run(options: argparse.Namespace) -> int:
    needed = [("--bucket", options.bucket, _BUCKET)]
    if not options.only_list:
        needed.append(("--function", options.function, _FUNCTION))
    for name, value, variable in needed:
        if not value:
            print(f"larder exposures: give {name} or set {variable}", file=sys.stderr)
            return 2
    with needs("cli", "larder exposures"):
        from larder.wiring.redrive import open_failure_objects, open_writer  # noqa: PLC0415

    redrive = ExposureRedrive(
        open_failure_objects(options.bucket),
        open_writer(options.function),
        _print_json if options.json else _print_line,
    )
    results = redrive.run(_PLACES[options.only], only_list=options.only_list)
    kept = sum(each.problem is not None for each in results)
    if not options.json:
        lines = sum(each.lines for each in results)
        told = "" if options.only_list else f": {len(results) - kept} redriven, {kept} kept"
        print(f"{len(results)} objects with {lines} lines{told}")
    return 1 if kept else 0


def _print_json(done: SetAside) -> None:
    print(orjson.dumps(asdict(done)).decode(), flush=True)


def _print_line(done: SetAside) -> None:
    outcome = f"; {done.rows} rows written" if done.rows else ""
    extra = f"; {done.duplicates} were there" if done.duplicates else ""
    kept = f"; kept: {done.problem}" if done.problem else ""
    print(f"{done.key}: {done.lines} lines; {done.reason}{outcome}{extra}{kept}", flush=True)
