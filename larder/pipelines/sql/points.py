"""From events to the value of every sum at every point of a key.

A **point** is an instant at which a row may be written: an event's own, or the end of a bucket. A
bucket (b - hop, b] ends at the smallest multiple of the hop that is not before its events. With
buckets there is also a point wherever one leaves a window, since values change there without an
event.
"""

# ruff: noqa: S608 - names are quoted, and expressions were parsed when the definition was loaded
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from larder.pipelines.definition import Pipeline
from larder.pipelines.durations import SECOND
from larder.pipelines.sql.inputs import LINE, Inputs, Part, Partial

_PER_KEY = "PARTITION BY k ORDER BY p"
_SO_FAR = f"OVER ({_PER_KEY} ROWS UNBOUNDED PRECEDING)"


def bucket_end(instant: str, hop: int) -> str:
    """The end of the bucket that holds an instant, right before 1970 too.

    There is no division, which is exact on some engines and is cut on others.
    """
    past = f"MOD(MOD({instant}, {hop}) + {hop}, {hop})"
    return f"{instant} + MOD({hop} - {past}, {hop})"


def distinct_column(column: str, window: int) -> str:
    """The column that counts distinct values of an input over a window."""
    return f"{column}_d_w{window // SECOND}"


@dataclass(frozen=True, slots=True)
class Chain:
    """The WITH queries from ``events_read`` to ``running``, which has a row per key and point."""

    pipeline: Pipeline
    inputs: Inputs
    is_delta: bool

    def parts(self) -> Iterator[str]:
        """Each query, with its name."""
        yield self._events()
        tiles = LINE.join(self.inputs.tiles()) or "COUNT(*) AS events"
        yield f"tiles AS (SELECT k, p, {tiles} FROM events GROUP BY k, p)"
        for column in self.inputs.distinct:
            yield self._occurrences(column)
        if self._offsets == [0] and not self.inputs.distinct:
            yield "points AS (SELECT tiles.*, 1 AS entry FROM tiles)"
        else:
            selects = "\nUNION ALL ".join([self._tile_moves(), *self._distinct_moves()])
            yield f"moves AS ({selects})"
            yield self._points()
        yield self._running()

    def _events(self) -> str:
        """The events, each with its point; of copies of one event the first by version is kept."""
        pipeline = self.pipeline
        point = bucket_end("t", pipeline.hop) if pipeline.hop else "t"
        if not pipeline.source.order:
            return f"events AS (SELECT e.*, {point} AS p FROM events_read AS e)"
        same = ", ".join(["k", "t", *(f"o{n}" for n in range(len(pipeline.source.order)))])
        version = ["version"] if pipeline.source.version else []
        greatest = ", ".join(
            f"{each} DESC NULLS LAST" for each in [*version, *self.inputs.columns.values()]
        )
        place = f"ROW_NUMBER() OVER (PARTITION BY {same} ORDER BY {greatest})"
        return (
            f"events AS (SELECT c.*, {point} AS p FROM "
            f"(SELECT e.*, {place} AS copy FROM events_read AS e) AS c WHERE c.copy = 1)"
        )

    def _occurrences(self, column: str) -> str:
        """When a value occurs, and when it occurs next: then the earlier one counts no more."""
        following = "LEAD(p) OVER (PARTITION BY k, v ORDER BY p)"
        return (
            f"seen_{column} AS (SELECT k, v, p, {following} AS following FROM "
            f"(SELECT DISTINCT k, {column} AS v, p FROM events WHERE {column} IS NOT NULL) AS d)"
        )

    @property
    def _offsets(self) -> list[int]:
        """How long after its point a tile has an effect: when it enters, and when it leaves."""
        leaves = self.is_delta or self.pipeline.hop
        return [0, *self.pipeline.windows] if leaves else [0]

    @property
    def _moved(self) -> dict[str, tuple[Partial, int | None]]:
        """The partials' columns of ``moves``; in DELTA those that add up have one per window."""
        found: dict[str, tuple[Partial, int | None]] = {}
        for partial, windows in self.inputs.windows.items():
            if self.is_delta and partial.is_added:
                found |= {partial.over(window): (partial, window) for window in windows}
            else:
                found[partial.name] = (partial, None)
        return found

    @property
    def _counted(self) -> list[str]:
        """Counters that ``moves`` has no column of yet."""
        return [each for each in self.inputs.counters if each not in self._moved]

    @property
    def _distinct_columns(self) -> list[str]:
        return [
            distinct_column(column, window)
            for column, windows in self.inputs.distinct.items()
            for window in windows
        ]

    def _tile_moves(self) -> str:
        columns = [
            *(_moves(partial, window, name) for name, (partial, window) in self._moved.items()),
            *(f"CASE WHEN o = 0 THEN {each} END AS {each}" for each in self._counted),
            *(f"CAST(NULL AS BIGINT) AS {each}" for each in self._distinct_columns),
        ]
        return (
            f"SELECT {LINE.join(['k', 'p + o AS p', *columns])}, "
            f"CASE WHEN o = 0 THEN 1 ELSE 0 END AS entry FROM tiles CROSS JOIN "
            f"(VALUES {_values(self._offsets)}) AS offsets(o)"
        )

    def _distinct_moves(self) -> Iterator[str]:
        """An occurrence enters at its point; it leaves with its window or with the next one."""
        for column, windows in self.inputs.distinct.items():
            own = {distinct_column(column, window): window for window in windows}
            nothing = ["NULL"] * (len(self._moved) + len(self._counted))
            counts = [
                f"CASE WHEN o = 0 THEN 1 WHEN o = {own[each]} THEN -1 END"
                if each in own
                else "NULL"
                for each in self._distinct_columns
            ]
            leaves = "WHEN following IS NULL OR following > p + o THEN p + o ELSE following"
            yield (
                f"SELECT {', '.join(['k', f'CASE WHEN o = 0 THEN p {leaves} END', *nothing])}, "
                f"{', '.join(counts)}, 0 FROM seen_{column} CROSS JOIN "
                f"(VALUES {_values([0, *windows])}) AS offsets(o)"
            )

    def _points(self) -> str:
        columns = [
            *(_summed(partial, name) for name, (partial, _) in self._moved.items()),
            *(_count(f"SUM({each})", each) for each in [*self._counted, *self._distinct_columns]),
        ]
        selected = LINE.join(["k", "p", "MAX(entry) AS entry", *columns])
        return f"points AS (SELECT {selected} FROM moves GROUP BY k, p)"

    def _running(self) -> str:
        columns = [
            column
            for partial, windows in self.inputs.windows.items()
            for window in windows
            for column in [self._windowed(partial, window)]
        ]
        columns += [_count(f"SUM({each}) {_SO_FAR}", each) for each in self._distinct_columns]
        columns += [_count(f"SUM({each}) {_SO_FAR}", f"{each}_all") for each in self._counters()]
        return f"running AS (SELECT {LINE.join(['k', 'p', 'entry', *columns])} FROM points)"

    def _counters(self) -> list[str]:
        return self.inputs.counters

    def _windowed(self, partial: Partial, window: int) -> str:
        """A partial over a window, at each point."""
        name = partial.over(window)
        if self.is_delta and partial.is_added:
            return f"{partial.added(f'SUM({name}) {_SO_FAR}')} AS {name}"
        frame = f"OVER ({_PER_KEY} RANGE BETWEEN {window - 1} PRECEDING AND CURRENT ROW)"
        if partial.is_added:
            return f"{partial.added(f'SUM({partial.name}) {frame}')} AS {name}"
        return f"{_function(partial)}({partial.name}) {frame} AS {name}"


def _moves(partial: Partial, window: int | None, name: str) -> str:
    leaves = "" if window is None else f" WHEN o = {window} THEN -{partial.name}"
    return f"CASE WHEN o = 0 THEN {partial.name}{leaves} END AS {name}"


def _summed(partial: Partial, name: str) -> str:
    if partial.is_added:
        return f"{partial.added(f'SUM({name})')} AS {name}"
    return f"{_function(partial)}({name}) AS {name}"


def _function(partial: Partial) -> str:
    return "MIN" if partial.part is Part.LEAST else "MAX"


def _count(what: str, name: str) -> str:
    return f"CAST({what} AS BIGINT) AS {name}"


def _values(numbers: Iterable[int]) -> str:
    return ", ".join(f"(CAST({number} AS BIGINT))" for number in numbers)
