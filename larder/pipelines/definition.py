"""What a feature pipeline is: where its events come from, what it computes of them, and when.

All instants and lengths of time are whole microseconds; instants count from the epoch in UTC. So
no engine computes with zones or intervals. A **window** of length w at T is the events with
T - w < t <= T: open at its old end, closed at T, with all ties at T.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.checks.expectation import Expectation
from larder.pipelines.durations import DAY, HOUR, MINUTE

LEAST_WINDOW, MOST_WINDOW = 5 * MINUTE, 400 * DAY
LEAST_HOP, MOST_HOP = 5 * MINUTE, DAY
MOST_SCALE = 12
MOST_LAST = 100
MOST_HOPS = 2000
"""How many hops a window of ``min`` or ``max`` may have: their frames cost rows times hops."""

MOST_SAMPLE = 2000
"""How many records are compared at most: their identifiers fit into a query."""


class Function(StrEnum):
    """What is computed of a window's events. A null input is skipped."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"
    RATE = "rate"
    DISTINCT = "distinct"
    LAST = "last"
    LAST_N = "last_n"


SCALED = frozenset({Function.SUM, Function.AVG, Function.STDDEV})
"""Functions that add values up in fixed point."""
ORDERED = frozenset({Function.LAST, Function.LAST_N})
"""Functions that need a unique order of events."""


class TimeUnit(StrEnum):
    """How a source states an event's instant."""

    TIMESTAMP = "timestamp"
    ISO8601 = "iso8601"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"


class FileFormat(StrEnum):
    """What files of events are: Parquet, CSV whose first line is a header, or JSON lines."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"


class Engine(StrEnum):
    """What computes a pipeline; ``auto`` chooses by how many bytes a run reads."""

    AUTO = "auto"
    ATHENA = "athena"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregation over one window.

    Attributes:
        function: what is computed.
        of: SQL of one event in Athena's dialect. For ``rate`` it is a condition.
        where: a condition in SQL; the aggregation sees only events that fulfil it.
        window: its length in microseconds.
        scale: digits after the point that sums keep.
        n: how many values ``last_n`` has at most.
    """

    function: Function
    window: int
    of: str | None = None
    where: str | None = None
    scale: int = 0
    n: int = 1


@dataclass(frozen=True, slots=True)
class ComputedFeature:
    """A feature that is computed: either an aggregate, or ``latest`` of the newest event.

    ``latest`` is SQL of one event; it holds whatever the event's age. ``place`` is the feature's
    position in its file, for messages.
    """

    name: str
    type: FeatureType
    collection: CollectionType | None = None
    aggregate: Aggregate | None = None
    latest: str | None = None
    place: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where events come from: exactly one of ``table``, ``group``, ``files`` and ``sql``.

    Attributes:
        table: ``database.table`` in the Glue catalog.
        group: a feature group, whose history is read.
        files: an address on S3 of files, which ends in ``/``.
        format: what these files are.
        typed: their columns with Hive's types, in the order of a CSV's cells.
        sql: a SELECT in Athena's dialect, which reads ``tables``.
        columns: the source's columns in lower case, where the definition tells them.
        time: the column of an event's instant, stated as ``unit`` says.
        order: columns that are unique together with identifier and time. They break ties, and of
            rows that agree in them one is kept.
        version: a column that grows with each copy of a row; of copies the greatest is kept.
        where: a condition that events must fulfil.
        timed: of ``sql``, the tables' columns that hold ``time`` unchanged.
    """

    time: str
    unit: TimeUnit = TimeUnit.TIMESTAMP
    table: str | None = None
    group: str | None = None
    files: str | None = None
    format: FileFormat | None = None
    typed: tuple[tuple[str, str], ...] = ()
    sql: str | None = None
    tables: tuple[str, ...] = ()
    columns: frozenset[str] | None = None
    order: tuple[str, ...] = ()
    version: str | None = None
    where: str | None = None
    timed: tuple[tuple[str, str], ...] = ()

    @property
    def instants(self) -> tuple[tuple[str, str], ...]:
        """The tables that have the events' instants, each with its column of them."""
        return self.timed or (((self.table, self.time),) if self.table else ())

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables of the Glue catalog that it names."""
        return self.tables or ((self.table,) if self.table else ())


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to look for new events: ``every`` so many microseconds, by ``cron``, or never."""

    every: int | None = HOUR
    cron: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """How long an interval waits for its events, and how old an event may be to be computed."""

    wait: int = 10 * MINUTE
    accept: int = 3 * DAY


@dataclass(frozen=True, slots=True)
class Consistency:
    """How many records are compared, and how often (microseconds)."""

    sample: int = 200
    every: int = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One feature group's pipeline.

    Attributes:
        group: the feature group it writes.
        identifier: its record identifier, a column of the source too.
        identifier_type: type of the identifier.
        event_time: name of the event-time feature, which is T plus ``available_after``.
        hop: rows are written at multiples of it. 0 means a row at each event.
        available_after: how long after T a row can be read at the earliest.
        start: the first day whose intervals are computed.
        shared: whether others may write into the group too.
        revision: grows when a change makes earlier rows wrong.
        expect: what the rows of an interval must be like to be published.
        consistency: how its stores are compared by schedule; ``None`` for not at all.
    """

    group: str
    identifier: str
    identifier_type: FeatureType
    event_time: str
    source: Source
    features: tuple[ComputedFeature, ...]
    hop: int = 0
    available_after: int = 0
    engine: Engine = Engine.AUTO
    schedule: Schedule = Schedule()
    late: Late = Late()
    start: date | None = None
    freshness: int | None = None
    owner: str | None = None
    description: str | None = None
    shared: bool = False
    revision: int = 1
    expect: tuple[Expectation, ...] = ()
    consistency: Consistency | None = None

    @property
    def windows(self) -> tuple[int, ...]:
        """The lengths of all windows, each once, the shortest first."""
        return tuple(sorted({f.aggregate.window for f in self.features if f.aggregate}))

    @property
    def longest_window(self) -> int:
        """How far before its point a row looks."""
        return max(self.windows, default=0)
