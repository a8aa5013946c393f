"""As-of joins as Athena SQL (Trino's dialect): the one generator.

``larder.as_of.oracle`` says what is meant. The labels are a table of ours. Per row it has a unique
``larder_row`` and the label's time as ``larder_at`` (text that sorts as instants do). Where a group
needs it, it has ``larder_seconds``; per join its key and the start of its window. So no statement
computes with zones or durations, and every comparison is of two columns. Each join is a chain of
WITH queries that gives at most one row per label row. Their names are its own: Spark's translation
hoists them all into one scope.
"""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from larder.as_of.history import event_type, history, order_type
from larder.as_of.join import Join, Shape
from larder.as_of.text import literal, name, table_name
from larder.errors import ValidationError

MAX_QUERY_BYTES = 262_144
"""AWS, "Service quotas" of Athena: the longest query string."""

_RUNNING = "OVER (PARTITION BY k ORDER BY t, kind ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"


@dataclass(frozen=True, slots=True)
class Labels:
    """The table of label rows: its ``columns`` for the result with their output names, in order.

    ``partition_by`` are output names that come last, as UNLOAD wants them.
    """

    database: str
    table: str
    columns: tuple[tuple[str, str], ...]
    partition_by: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The table as SQL names it."""
        return table_name(self.database, self.table)

    def selected(self, features: Iterable[str]) -> str:
        """What a query of label rows ``l`` selects, ``features`` among it."""
        plain = [c for c in self.columns if c[1] not in self.partition_by]
        by_output = {output: source for source, output in self.columns}
        last = [(by_output[output], output) for output in self.partition_by]
        before, after = (
            [f"l.{name(source)} AS {name(output)}" for source, output in columns]
            for columns in (plain, last)
        )
        return ",\n  ".join(["l.larder_row AS larder_row", *before, *features, *after])


def as_of_query(labels: Labels, joins: Sequence[Join]) -> str:
    """A query of one row per label row: ``larder_row``, the labels' columns, the features.

    Raises:
        ValidationError: the query is longer than Athena takes.
    """
    parts = ",\n".join(part for join in joins for part in _parts(join, labels.source))
    selected = labels.selected(
        f"g{join.number}.v.f{place} AS {name(output)}"
        for join in joins
        for place, (_, output) in enumerate(join.features)
    )
    sources = "\n".join([f"{labels.source} AS l", *map(_joined, joins)])
    query = f"WITH {parts}\nSELECT\n  {selected}\nFROM {sources}"
    return short(query, "name the features you need, or make two training sets of the same labels")


def unload(query: str, location: str, partition_by: Sequence[str] = ()) -> str:
    """A statement that writes a query's rows as Parquet below a location, which must be empty.

    ``partition_by`` are the query's last columns; their values become folders ``column=value``.

    Raises:
        ValidationError: the statement is longer than Athena takes.
    """
    options = "format = 'PARQUET', compression = 'ZSTD'"
    if partition_by:
        columns = ", ".join(literal(column.lower()) for column in partition_by)
        options += f", partitioned_by = ARRAY[{columns}]"
    statement = f"UNLOAD (\n{query}\n) TO {literal(location)}\nWITH ({options})"
    return short(statement, "give the features shorter names, or split the group")


def short(query: str, cure: str) -> str:
    """The query.

    Raises:
        ValidationError: it is longer than Athena takes; the message names the cure.
    """
    size = len(query.encode())
    if size > MAX_QUERY_BYTES:
        raise ValidationError(
            f"the query has {size} bytes and Athena takes {MAX_QUERY_BYTES}: {cure}"
        )
    return query


def _joined(join: Join) -> str:
    """A label row whose winner is a tombstone keeps nulls, like one without a winner."""
    table = f"g{join.number}"
    return f"LEFT JOIN {table} ON {table}.larder_row = l.larder_row AND NOT {table}.v.gone"


def _parts(join: Join, labels: str) -> Iterator[str]:
    yield from history(join, labels)
    match join.best_shape:
        case Shape.WINDOW:
            yield from _window(join, labels)
        case Shape.KEYS:
            yield from _keys(join, labels)
        case Shape.RANGE:
            yield from _range(join, labels)


def _window(join: Join, labels: str) -> Iterator[str]:
    yield from _line(join, labels, carried="v")
    prefix = f"g{join.number}"
    yield f"""{prefix}_seen AS (
  SELECT larder_row, kind, since, MAX_BY(v, o) {_RUNNING} AS v
  FROM {prefix}_line
)"""
    within = " AND s.v.e >= s.since" if join.since else ""
    yield f"""{prefix} AS (
  SELECT s.larder_row, s.v FROM {prefix}_seen AS s WHERE s.kind = 1{within}
)"""


def _keys(join: Join, labels: str) -> Iterator[str]:
    yield from _line(join, labels)
    prefix = f"g{join.number}"
    yield f"""{prefix}_seen AS (
  SELECT larder_row, kind, since, k, MAX(o) {_RUNNING} AS o
  FROM {prefix}_line
)"""
    within = " AND h.e >= s.since" if join.since else ""
    yield f"""{prefix} AS (
  SELECT s.larder_row, MAX_BY(h.v, h.o) AS v
  FROM {prefix}_history AS h
  INNER JOIN {prefix}_seen AS s ON s.k = h.k AND s.o = h.o
  WHERE s.kind = 1{within}
  GROUP BY s.larder_row
)"""


def _range(join: Join, labels: str) -> Iterator[str]:
    conditions = [f"h.k = l.{join.key}", f"h.t <= l.{join.at}"]
    if join.since:
        conditions.append(f"h.e >= l.{join.since}")
    if join.cut.as_known_then:
        conditions.append("h.w <= l.larder_at")
    prefix = f"g{join.number}"
    yield f"""{prefix} AS (
  SELECT l.larder_row, MAX_BY(h.v, h.o) AS v
  FROM {labels} AS l
  INNER JOIN {prefix}_history AS h ON {" AND ".join(conditions)}
  GROUP BY l.larder_row
)"""


def _line(join: Join, labels: str, *, carried: str = "") -> Iterator[str]:
    """Versions and labels of each key on one line of time; at an instant, versions come first."""
    since = join.since or f"CAST(NULL AS {event_type(join)})"
    version, nothing = (f", {carried}", ", NULL") if carried else ("", "")
    yield f"""g{join.number}_line AS (
  SELECT k, t, 0 AS kind, o{version},
         CAST(NULL AS BIGINT) AS larder_row, CAST(NULL AS {event_type(join)}) AS since
  FROM g{join.number}_history
  UNION ALL
  SELECT {join.key}, {join.at}, 1, CAST(NULL AS {order_type(join)}){nothing}, larder_row, {since}
  FROM {labels}
)"""
