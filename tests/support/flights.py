"""The example's features, computed in this process by its definitions."""

from functools import cache
from pathlib import Path

import duckdb

from examples import flight_events
from larder.declared.files import load_pipelines
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.runs.documents import instant
from larder.pipelines.sql.statement import Interval, Shape, statement

FEATURES = Path(__file__).parents[2] / "features"


@cache
def pipelines():
    """The pipelines of flights, by group."""
    return {
        each.group: each
        for each in load_pipelines(FEATURES)
        if all(name.startswith(f"{flight_events.DATABASE}.") for name in each.source.reads)
    }


def records(first, until):
    """Rows by group from one day up to another's beginning; values by name, absent ones left out."""
    interval = Interval(*(instant("day", f"{day}T00:00Z") for day in (first, until)))
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'; CREATE SCHEMA raw")
        for name in flight_events.NAMES:
            database.register("given", flight_events.table(name))
            database.execute(f"CREATE TABLE raw.{name} AS SELECT * FROM given")
        return {name: rows_of(database, each, interval) for name, each in pipelines().items()}


def rows_of(database, pipeline, interval):
    """The pipeline's rows, oldest first; the event time is ISO-8601."""
    sql = translated(statement(pipeline, interval, Shape.FRAME), Dialect.DUCKDB)
    at = f"strftime(make_timestamp(\"{pipeline.event_time}\"), '%Y-%m-%dT%H:%M:%SZ')"
    key = f'"{pipeline.identifier}"'
    found = database.execute(
        f'SELECT * REPLACE ({at} AS "{pipeline.event_time}") FROM ({sql}) ORDER BY 2, {key}'
    )
    names = [column[0] for column in found.description]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in found.fetchall()
    ]
