"""``larder training-set create|show|list|export|rebuild``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import orjson

from larder.as_of.oracle import nanos_of
from larder.cli.training_set_options import ENGINES, add_create_options
from larder.cli.training_set_text import ProgressLine, cost, description, group_features, pairs
from larder.training_sets.ports import SqlLabels
from larder.training_sets.spec import TrainingSetSpec

if TYPE_CHECKING:
    from larder.client.training_sets import TrainingSetsClient

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[["TrainingSetsClient", argparse.Namespace, ProgressLine], int]


def add_training_set(commands: Commands) -> None:
    """Add the command and its own commands to a parser."""
    parser = commands.add_parser(
        "training-set",
        help="make training sets: features as of each label's time",
        description="Training sets are one row per label row, each feature as it was known at the "
        "label's time. The environment names the platform: LARDER_OFFLINE_BUCKET, "
        "LARDER_DATABASE, LARDER_WORKGROUP.",
    )
    inner = parser.add_subparsers(required=True, metavar="command")
    add_create_options(_add(inner, "create", "make a training set", _create))
    _add(inner, "show", "print what a training set is and was made of", _show)
    listing = inner.add_parser("list", help="print all training sets")
    _finish(listing, _list)
    export = _add(inner, "export", "write a training set into a local file", _export)
    export.add_argument("--to", required=True, help="a .parquet, .csv or .arrow file")
    again = _add(inner, "rebuild", "make a set again and say whether the same came out", _rebuild)
    again.add_argument("--keep", action="store_true", help="keep the new result on S3")


def _add(inner: Commands, command: str, meaning: str, run: Run) -> argparse.ArgumentParser:
    parser = inner.add_parser(command, help=meaning)
    parser.add_argument("name", help="the training set's name")
    _finish(parser, run)
    return parser


def _finish(parser: argparse.ArgumentParser, run: Run) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=lambda options: _run(run, options))


def _run(run: Run, options: argparse.Namespace) -> int:
    from larder.client.training_sets import training_sets  # noqa: PLC0415 - slow to import

    line = ProgressLine(sys.stderr, quiet=options.json)
    # as Ctrl-C does, a stop from outside cancels the query and takes the label table along
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        engine = ENGINES[getattr(options, "engine", "athena")]
        return run(training_sets(engine=engine), options, line)
    except KeyboardInterrupt as stop:
        stop.add_note("the query is cancelled")
        raise
    finally:
        line.end()
        signal.signal(signal.SIGTERM, before)


def _create(client: TrainingSetsClient, options: argparse.Namespace, line: ProgressLine) -> int:
    groups = group_features(
        options.features,
        keys=pairs(options.key, "--key"),
        look_backs=pairs(options.look_back, "--look-back"),
        prefixes=pairs(options.prefix, "--prefix"),
    )
    known = options.known_as_of
    spec = TrainingSetSpec(
        name=options.name,
        event_time=options.event_time,
        groups=groups,
        time_zone=options.time_zone,
        known_as_of=None if known is None else nanos_of(known) // 1000,
        as_known_then=options.as_known_then,
        full_names=options.full_names,
        partition_by=tuple(options.partition_by),
    )
    sql = Path(options.sql_file).read_text() if options.sql_file else options.sql
    labels = options.labels if sql is None else SqlLabels(sql)
    manifest = client.create(spec, labels, line).manifest
    line.end()
    _print(manifest.to_json() if options.json else "\n".join(description(manifest)).encode())
    return 0


def _show(client: TrainingSetsClient, options: argparse.Namespace, _line: ProgressLine) -> int:
    manifest = client.get(options.name).manifest
    _print(manifest.to_json() if options.json else "\n".join(description(manifest)).encode())
    return 0


def _list(client: TrainingSetsClient, options: argparse.Namespace, _line: ProgressLine) -> int:
    for each in client.list():
        groups = [table.group for table in each.tables]
        row = {"name": each.name, "created_at": each.created_at, "rows": each.rows}
        if options.json:
            _print(orjson.dumps({**row, "groups": groups, "location": each.location}))
        else:
            print(f"{each.name:40} {each.created_at[:19]} {each.rows:>12} {', '.join(groups)}")
    return 0


def _export(client: TrainingSetsClient, options: argparse.Namespace, _line: ProgressLine) -> int:
    path = Path(options.to)
    rows = client.get(options.name).export(path)
    done = {"name": options.name, "path": str(path), "rows": rows}
    _print(orjson.dumps(done) if options.json else f"{rows} rows in {path}".encode())
    return 0


def _rebuild(client: TrainingSetsClient, options: argparse.Namespace, line: ProgressLine) -> int:
    found = client.rebuild(options.name, keep=options.keep, report=line)
    line.end()
    if options.json:
        _print(orjson.dumps(asdict(found)))
    elif found.identical:
        print(f"{options.name}: the same content again ({found.rows} rows, {found.content_hash})")
        print(f"  {cost(found.bytes_scanned, found.engine)}")
    else:
        print(f"{options.name} can't be made again as it was:")
        print("\n".join(f"  {change}" for change in found.changes))
        if found.location:
            print(f"  what came out now lies at {found.location}")
    return 0 if found.identical else 1


def _print(text: bytes) -> None:
    print(text.decode(), flush=True)
