"""The ``larder`` command: ``python -m larder redrive``, ``python -m larder configure``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from larder.cli.configure import Doors, environment, exports, write_overlay, write_profile
from larder.cli.cost import add_cost
from larder.cli.erase import add_erase
from larder.cli.ingest import add_ingest
from larder.cli.materialize import add_materialize
from larder.cli.offline import add_offline
from larder.cli.parsers import Commands
from larder.cli.stage_choices import stage_choices
from larder.cli.training_set import add_training_set
from larder.errors import ConfigurationError, LarderError
from larder.offline.redrive import QUARANTINE_PREFIX, SPILLED_PREFIX, Redrive, Redriven
from larder.wiring.redrive import open_failure_objects, open_writer

_FAILURE_PREFIXES = (SPILLED_PREFIX, QUARANTINE_PREFIX)
_BUCKET = "LARDER_OFFLINE_BUCKET"
_FUNCTION = "LARDER_OFFLINE_WRITER_FUNCTION"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 all done, 1 something was not, 2 bad usage,
    130 interrupted."""
    parser = argparse.ArgumentParser(prog="larder", description="Larder's commands.")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    _add_redrive(commands)
    _add_configure(commands)
    add_training_set(commands)
    add_ingest(commands)
    add_materialize(commands)
    add_cost(commands, stage_choices)
    add_offline(commands)
    add_erase(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except ConfigurationError as error:
        print(f"larder: {error}", file=sys.stderr)
        return 2
    except (LarderError, KeyboardInterrupt) as error:
        # what a command knows of how to go on, it has noted on the exception
        what = str(error) or "interrupted"
        told = "; ".join([what, *getattr(error, "__notes__", ())])
        print(f"larder {options.command}: {told}", file=sys.stderr)
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def _add_redrive(commands: Commands) -> None:
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
    redrive.set_defaults(run=_redrive)


def _add_configure(commands: Commands) -> None:
    configure = commands.add_parser(
        "configure",
        help="point boto3 and the SageMaker SDK at Larder",
        description="Writes the files that make unmodified AWS clients sign for Larder's doors, "
        'and prints the variables that make them call Larder: eval "$(python -m larder configure '
        '--endpoint URL)". Every SageMaker client of such a process calls Larder. With --profile '
        "only the clients of that profile do.",
    )
    configure.add_argument(
        "--endpoint", help="the stack's output ApiEndpoint; without it only the signatures change"
    )
    configure.add_argument(
        "--function-url",
        metavar="URL",
        help="the stack's output FunctionUrl: the data plane is called there, the control plane at "
        "the endpoint",
    )
    configure.add_argument("--profile", help="set up this profile in the AWS config file")
    configure.add_argument("--region", help="the profile's region")
    configure.add_argument(
        "--directory",
        type=Path,
        help="where the files go (default: ~/.larder/models; with a Function URL, which wants "
        "other signatures, ~/.larder/function-url-models)",
    )
    configure.add_argument("--json", action="store_true", help="print the variables as JSON")
    configure.set_defaults(run=_configure)


def _redrive(options: argparse.Namespace) -> int:
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


def _configure(options: argparse.Namespace) -> int:
    doors = Doors(options.endpoint, options.function_url)
    folder = "function-url-models" if options.function_url else "models"
    directory = (options.directory or Path.home() / ".larder" / folder).absolute()
    if options.region and not options.profile:
        raise ConfigurationError("--region is that of a profile: give --profile too.")
    write_overlay(directory, doors.signing_names)
    if options.profile:
        if doors.api is None:
            raise ConfigurationError("--profile needs the --endpoint that its clients call.")
        config = Path(os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws" / "config")
        write_profile(
            config, options.profile, doors=doors, directory=directory, region=options.region
        )
        variables = {"AWS_PROFILE": options.profile}
    else:
        before = os.environ.get("AWS_DATA_PATH", "")
        variables = environment(doors, directory, data_path=before)
    print(orjson.dumps(variables).decode() if options.json else exports(variables))
    return 0


def _print_json(done: Redriven) -> None:
    print(orjson.dumps(asdict(done)).decode(), flush=True)


def _print_line(done: Redriven) -> None:
    outcome = f"kept: {done.problem}" if done.problem else f"{done.rows} rows written"
    extra = f", {done.duplicates} were there" if done.duplicates else ""
    print(f"{done.key}: {done.records} records, {outcome}{extra}", flush=True)
