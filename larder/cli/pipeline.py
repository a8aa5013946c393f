"""``larder pipeline test|sql|schema``: a definition tried on a file of events, and its SQL."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from larder.cli.parsers import Commands, add_reading
from larder.cli.pipeline_plan import add_plan
from larder.cli.pipeline_runs import add_runs
from larder.errors import ConfigurationError
from larder.event_time import nanos_to_iso
from larder.extras import needs

if TYPE_CHECKING:
    from larder.pipelines.definition import Pipeline

_ABOUT = "Feature pipelines: definitions in features/*.yaml that say what a group is computed of."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENGINES = ("athena", "spark", "duckdb")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = _ABOUT
    inner: Commands = parser.add_subparsers(required=True, metavar="command")
    _add_test(inner)
    _add_sql(inner)
    add_runs(inner)
    add_plan(inner)
    meaning = "print the JSON Schema of definition files, for editors"
    schema = inner.add_parser("schema", help=meaning, description=f"{meaning}.".capitalize())
    schema.set_defaults(run=_schema)


def _add_test(inner: Commands) -> None:
    meaning = "compute the features of a file of events, on this machine"
    test = inner.add_parser("test", help=meaning, description=f"{meaning}.".capitalize())
    test.add_argument("file", type=Path, help="a definition file")
    test.add_argument(
        "--events",
        action="append",
        required=True,
        metavar="[TABLE=]FILE",
        help="rows as the definition's source gives them (.csv, .parquet, .jsonl, a folder, a "
        "pattern); or, once for each table that the source reads, the rows of that table",
    )
    test.add_argument(
        "--at",
        required=True,
        metavar="TIME",
        help="print each identifier's row as a reader has it at this time, such as "
        "2025-01-31T12:00Z",
    )
    test.add_argument("--key", action="append", default=[], help="this identifier alone")
    add_reading(test)
    test.add_argument("--json", action="store_true", help="print one JSON object a row")
    test.set_defaults(run=_test)


def _add_sql(inner: Commands) -> None:
    meaning = "print the statement that computes an interval"
    sql = inner.add_parser("sql", help=meaning, description=f"{meaning}.".capitalize())
    sql.add_argument("file", type=Path, help="a definition file")
    sql.add_argument("--engine", choices=_ENGINES, default="athena", help="default: %(default)s")
    sql.add_argument("--from", dest="after", required=True, metavar="TIME", help="exclusive")
    sql.add_argument("--to", dest="until", required=True, metavar="TIME", help="inclusive")
    sql.add_argument("--table", help="read this table in place of the definition's source")
    sql.set_defaults(run=_sql)


def _test(options: argparse.Namespace) -> int:
    with needs("pipelines", "larder pipeline"):
        from larder.declared.files import load_pipeline  # noqa: PLC0415 - of an extra
        from larder.tabular.reading import Reading  # noqa: PLC0415 - of an extra
        from larder.wiring.pipelines import rows_of_files  # noqa: PLC0415 - of an extra

    pipeline = load_pipeline(options.file)
    until = _micros(options.at, "--at") - pipeline.available_after
    reading = Reading(delimiter=options.delimiter, encoding=options.encoding)
    found = rows_of_files(pipeline, _files(options.events), until, reading)
    rows = [r for r in found.rows if not options.key or str(r[pipeline.identifier]) in options.key]
    for row in rows:
        row[pipeline.event_time] = nanos_to_iso(row[pipeline.event_time] * 1000)
        for line in _json(row) if options.json else _lines(row, pipeline):
            print(line)
    for note in _notes(pipeline, found.events, found.without, until, len(rows)):
        print(f"larder pipeline: {note}", file=sys.stderr)
    return 0


def _sql(options: argparse.Namespace) -> int:
    with needs("pipelines", "larder pipeline"):
        from larder.declared.files import load_pipeline  # noqa: PLC0415 - of an extra
        from larder.pipelines.dialects import Dialect, translated  # noqa: PLC0415 - of an extra
        from larder.pipelines.sql.statement import Interval, statement  # noqa: PLC0415

    interval = Interval(_micros(options.after, "--from"), _micros(options.until, "--to"))
    if interval.after >= interval.until:
        raise ConfigurationError(f"--to: {options.until} must be after --from, {options.after}")
    dialect = Dialect(options.engine)
    text = statement(load_pipeline(options.file), interval, dialect.shape, options.table)
    print(translated(text, dialect))
    return 0


def _schema(_options: argparse.Namespace) -> int:
    with needs("pipelines", "larder pipeline"):
        from larder.declared.json_schema import json_schema  # noqa: PLC0415 - of an extra

    print(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode())
    return 0


def _files(given: list[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for each in given:
        table, sign, address = each.partition("=")
        name, path = (table.lower(), address) if sign else ("", each)
        if name in files:
            raise ConfigurationError(
                f"--events: {name or 'the source'} is given twice: give a folder"
            )
        files[name] = path
    return files


def _micros(text: str, option: str) -> int:
    """An instant in microseconds since the epoch."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigurationError(
            f"{option}: {text[:60]!r} must be ISO-8601 with a zone, for example 2025-01-31T12:00Z"
        )
    past = moment - _EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def _json(row: dict[str, Any]) -> Iterator[str]:
    yield orjson.dumps({name: value for name, value in row.items() if value is not None}).decode()


def _lines(row: dict[str, Any], pipeline: Pipeline) -> Iterator[str]:
    """A line for each feature, which says all by itself, so that grep and awk can take it."""
    head = f"{row[pipeline.identifier]}  {row[pipeline.event_time]}"
    width = max(len(each.name) for each in pipeline.features)
    for feature in pipeline.features:
        value = orjson.dumps(row[feature.name]).decode()
        yield f"{head}  {feature.name:{width}}  {value}"


def _notes(pipeline: Pipeline, events: int, without: int, until: int, rows: int) -> Iterator[str]:
    if without:
        lacking = f"no {pipeline.identifier} or {pipeline.source.time}"
        yield f"{without} of {events} events have {lacking} and are left out"
    if not rows:
        yield f"no row at that time: its events are those until {nanos_to_iso(until * 1000)}"
    elif pipeline.available_after:
        yield f"made of events until {nanos_to_iso(until * 1000)}, by available_after"
