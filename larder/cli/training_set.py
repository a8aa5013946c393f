"""``larder training-set create|show|list|export|rebuild``."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

import larder
from larder.cli.parsers import Commands, add_reading, add_stage
from larder.cli.progress import ProgressBar
from larder.cli.text import charge
from larder.errors import ValidationError
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import ATHENA, DUCKDB, SqlLabels
from larder.training_sets.spec import GroupFeatures

if TYPE_CHECKING:
    from larder.client.training_sets import TrainingSetsClient

Run = Callable[["TrainingSetsClient", argparse.Namespace, ProgressBar], int]
_ENGINES = {"athena": ATHENA, "local": DUCKDB}
"""What joins, by the word for it on the command line."""
_DURATION = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description, its own commands and their options."""
    parser.description = (
        "Training sets are one row per label row, each feature as it was known at the label's time."
    )
    inner = parser.add_subparsers(required=True, metavar="command")
    _add_create_options(_add(inner, "create", "make a training set", _create))
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
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no progress")
    parser.set_defaults(run=lambda options: _run(run, options))


def _run(run: Run, options: argparse.Namespace) -> int:
    bar = ProgressBar(sys.stderr, quiet=options.json)
    # as Ctrl-C does, a stop from outside cancels the query and takes the label table along
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with larder.connect(options.stage) as platform:
            return run(platform.training_sets, options, bar)
    except KeyboardInterrupt as stop:
        stop.add_note("the query is cancelled")
        raise
    finally:
        bar.end()
        signal.signal(signal.SIGTERM, before)


def _create(client: TrainingSetsClient, options: argparse.Namespace, bar: ProgressBar) -> int:
    groups = group_features(
        options.features,
        keys=pairs(options.key, "--key"),
        look_backs=pairs(options.look_back, "--look-back"),
        prefixes=pairs(options.prefix, "--prefix"),
    )
    sql = _query(options.sql_file) if options.sql_file else options.sql
    manifest = client.create(
        options.name,
        options.labels if sql is None else SqlLabels(sql),
        event_time=options.event_time,
        features=groups,
        engine=_ENGINES[options.engine],
        time_zone=options.time_zone,
        delimiter=options.delimiter,
        encoding=options.encoding,
        known_as_of=options.known_as_of,
        as_known_then=options.as_known_then,
        full_names=options.full_names,
        partition_by=options.partition_by,
        report=bar,
    ).manifest
    bar.end()
    _print(manifest.to_json() if options.json else "\n".join(description(manifest)).encode())
    return 0


def _query(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ValidationError(f"--sql-file {path} can't be read: {error}") from error


def _show(client: TrainingSetsClient, options: argparse.Namespace, _bar: ProgressBar) -> int:
    manifest = client.get(options.name).manifest
    _print(manifest.to_json() if options.json else "\n".join(description(manifest)).encode())
    return 0


def _list(client: TrainingSetsClient, options: argparse.Namespace, _bar: ProgressBar) -> int:
    for each in client.list():
        groups = [table.group for table in each.tables]
        row = {"name": each.name, "created_at": each.created_at, "rows": each.rows}
        if options.json:
            _print(orjson.dumps({**row, "groups": groups, "location": each.location}))
        else:
            print(f"{each.name:40} {each.created_at[:19]} {each.rows:>12} {', '.join(groups)}")
    return 0


def _export(client: TrainingSetsClient, options: argparse.Namespace, _bar: ProgressBar) -> int:
    path = Path(options.to)
    rows = client.get(options.name).export(path)
    done = {"name": options.name, "path": str(path), "rows": rows}
    _print(orjson.dumps(done) if options.json else f"{rows} rows in {path}".encode())
    return 0


def _rebuild(client: TrainingSetsClient, options: argparse.Namespace, bar: ProgressBar) -> int:
    found = client.rebuild(options.name, keep=options.keep, report=bar)
    bar.end()
    if options.json:
        _print(orjson.dumps(asdict(found)))
    elif found.identical:
        print(f"{options.name}: the same content again ({found.rows} rows, {found.content_hash})")
        print(f"  {charge(found.bytes_scanned, found.engine)}")
    else:
        print(f"{options.name} can't be made again as it was:")
        print("\n".join(f"  {change}" for change in found.changes))
        if found.location:
            print(f"  what came out now lies at {found.location}")
    return 0 if found.identical else 1


def _print(text: bytes) -> None:
    print(text.decode(), flush=True)


def _add_create_options(create: argparse.ArgumentParser) -> None:
    """Add the options of ``create``."""
    _add_label_options(create)
    create.add_argument(
        "--features",
        action="append",
        required=True,
        metavar="GROUP[:FEATURE[=NAME],…]",
        help="may be repeated; GROUP alone means all its features",
    )
    create.add_argument(
        "--engine",
        choices=list(_ENGINES),
        default="athena",
        help="what joins: Athena, or DuckDB on this machine; the rows are the same",
    )
    create.add_argument(
        "--partition-by",
        action="append",
        default=[],
        metavar="COLUMN",
        help="lay the files out in folders by this label column; may be repeated",
    )
    _add_feature_options(create)


def _add_label_options(create: argparse.ArgumentParser) -> None:
    labels = create.add_mutually_exclusive_group(required=True)
    labels.add_argument(
        "--labels",
        help="files of rows: .parquet, .csv, .tsv, .jsonl, .ndjson, .arrow or .feather (text also "
        "as .gz), a folder of them or a pattern; or s3://…. A row without a key has no features",
    )
    labels.add_argument("--sql", help="a query that gives the labels")
    labels.add_argument("--sql-file", help="a file with such a query")
    create.add_argument("--event-time", required=True, help="the labels' column of instants")
    create.add_argument("--time-zone", help="what label times without a zone are in, such as UTC")
    add_reading(create)


def _add_feature_options(create: argparse.ArgumentParser) -> None:
    for option, value, meaning in (
        ("--key", "COLUMN", "the label column with its identifiers, if named otherwise"),
        ("--look-back", "7d", "greatest age of a value, inclusive: 90s, 15m, 24h, 7d, 2w"),
        ("--prefix", "TEXT", "put before its features' names"),
    ):
        create.add_argument(
            option, action="append", default=[], metavar=f"GROUP={value}", help=meaning
        )
    create.add_argument("--full-names", action="store_true", help="name features GROUP__FEATURE")
    create.add_argument("--known-as-of", help="leave out what was written after this instant")
    create.add_argument(
        "--as-known-then",
        action="store_true",
        help="leave out what was written after the label's own time",
    )


def duration(text: str) -> timedelta:
    """A duration such as ``90s``, ``15m``, ``24h``, ``7d`` or ``2w``.

    Raises:
        ValidationError: it has another form.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValidationError(f"{text[:50]!r} is no duration: write for example 90s, 24h, 7d or 2w")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Options of the form ``GROUP=VALUE``.

    Raises:
        ValidationError: one has another form, or a group occurs twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        group, sign, value = text.partition("=")
        if not (group and sign and value):
            raise ValidationError(f"{option} takes GROUP=VALUE, not {text[:100]!r}")
        if group in found:
            raise ValidationError(f"{option} is given twice for {group}")
        found[group] = value
    return found


def group_features(
    asked: Iterable[str],
    *,
    keys: Mapping[str, str],
    look_backs: Mapping[str, str],
    prefixes: Mapping[str, str],
) -> tuple[GroupFeatures, ...]:
    """Options of the form ``GROUP`` or ``GROUP:feature,feature=name``, those of a group together.

    Raises:
        ValidationError: an option has another form, or another option names a group not asked for.
    """
    features = _by_group(asked)
    stray = sorted((keys.keys() | look_backs.keys() | prefixes.keys()) - features.keys())
    if stray:
        raise ValidationError(f"no --features are asked of {', '.join(stray)}")
    return tuple(
        GroupFeatures(
            group=group,
            features=None if named is None else list(named),
            key=keys.get(group),
            look_back=duration(look_backs[group]) if group in look_backs else None,
            prefix=prefixes.get(group, ""),
            rename={feature: output for feature, output in (named or {}).items() if output},
        )
        for group, named in features.items()
    )


def _by_group(asked: Iterable[str]) -> dict[str, dict[str, str] | None]:
    """Features with their output names, if any, by group; ``None`` means all."""
    features: dict[str, dict[str, str] | None] = {}
    for text in asked:
        group, colon, listed = text.partition(":")
        named = features.setdefault(group, {} if colon else None)
        if (named is None) == bool(colon):
            raise ValidationError(f"--features asks both for all and for some of {group}")
        if named is not None:
            named.update(item.strip().partition("=")[::2] for item in listed.split(","))
    return features


def description(manifest: Manifest) -> Iterator[str]:
    """A training set in lines."""
    yield f"{manifest.name}: {manifest.rows} rows, made {manifest.created_at}"
    yield f"  at      {manifest.location} ({len(manifest.files)} files)"
    yield f"  labels  {manifest.labels.location}, event time {manifest.parameters['event_time']}"
    for table in manifest.tables:
        state = "empty" if table.empty else f"snapshot {table.snapshot_id or 'none'}"
        yield f"  from    {table.group} ({table.database}.{table.table}, {state})"
    for column in manifest.columns:
        yield f"    {column.name:32} {column.type:24} {column.source}"
    yield f"  content {manifest.content_hash}"
    charged = charge(manifest.bytes_scanned, manifest.engine)
    yield f"  query   {manifest.query_execution_id}, {charged}"
