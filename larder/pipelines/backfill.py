"""What a new revision makes due, and what its queries read.

Athena charges for the bytes of files that a query reads. An interval's query reads events from its
beginning less the longest window to its end. Iceberg's metadata say which files may have them; of
other tables every query reads all. Columns that are left out make it less: so a sum is a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.errors import LarderError
from larder.event_time import iso_seconds
from larder.pipelines.definition import Pipeline, TimeUnit
from larder.pipelines.durations import DAY
from larder.pipelines.runs.due import cut, ready_until, start, unit
from larder.pipelines.sql.statement import Interval


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a source table, and within which instants its events lie, if that is known."""

    size: int
    first: int | None = None
    last: int | None = None


class SourceFiles(Protocol):
    """The files of tables of the Glue catalog."""

    def of(self, table: str, column: str | None, unit: TimeUnit) -> Sequence[SourceFile]:
        """All files; ``column`` has the events' instants, if the table has them.

        Raises:
            LarderError: the table is not there, or can't be read.
        """


@dataclass(frozen=True, slots=True)
class Backfill:
    """Intervals that become due.

    Attributes:
        after: its beginning, in ISO-8601 in UTC.
        until: its end: until then events are complete now.
        intervals: how many intervals it is, each one query.
        bytes_read: the most that Athena reads; ``None`` where that is unknown.
        queries: the most that each query reads, for what it costs.
        unknown: why it is unknown.
    """

    after: str
    until: str
    intervals: int
    bytes_read: int | None = None
    queries: tuple[int, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Backfills:
    """Tells what becomes due; ``clock`` gives microseconds since the epoch."""

    files: SourceFiles
    clock: Callable[[], int]

    def of(self, pipeline: Pipeline) -> Backfill:
        """All intervals from ``start`` to now."""
        first = start(pipeline)
        last = max(first, ready_until(pipeline, self.clock()))
        intervals = list(cut(Interval(first, last), max(DAY, unit(pipeline))))
        bounds = (iso_seconds(first), iso_seconds(last), len(intervals))
        source = pipeline.source
        if not source.reads:
            kind = "group" if source.group is not None else "files"
            return Backfill(*bounds, unknown=f"the source is source.{kind}, not a table")
        try:
            files = list(self._files(pipeline))
        except LarderError as error:
            return Backfill(*bounds, unknown=str(error))
        queries = tuple(_read(files, each, pipeline.longest_window) for each in intervals)
        return Backfill(*bounds, sum(queries), queries)

    def _files(self, pipeline: Pipeline) -> Iterator[SourceFile]:
        columns = dict(pipeline.source.instants)
        for table in pipeline.source.reads:
            yield from self.files.of(table, columns.get(table), pipeline.source.unit)


def _read(files: Sequence[SourceFile], interval: Interval, window: int) -> int:
    after = interval.after - window
    return sum(
        each.size
        for each in files
        if each.first is None
        or each.last is None
        or (each.last > after and each.first <= interval.until)
    )
