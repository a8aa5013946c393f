"""A table as DuckDB can read it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Relation:
    """A DuckDB query that yields the table's rows, columns named in lower case as Athena's are.

    ``columns`` are their names in order. ``digits`` are the fraction digits of the table's times:
    Hive's have milliseconds, Iceberg's microseconds. ``arrow`` holds what the query reads from
    memory, by the name it must be registered under.
    """

    sql: str
    columns: tuple[str, ...] = ()
    digits: int = 3
    arrow: dict[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AsOf:
    """A point in an Iceberg table's history.

    One of: a snapshot's id, a tag's or branch's name, or a moment in ms since the epoch.
    """

    snapshot_id: int | None = None
    reference: str | None = None
    moment_ms: int | None = None
