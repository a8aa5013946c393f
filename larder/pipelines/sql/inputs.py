"""What a pipeline takes of each event, and what it adds up, each once for all features.

An **input** is SQL of one event: a column ``m0``, ``m1`` and so on. A **partial** is what the
events of one point give for an input: their count, for example, or their sum in fixed point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from larder.pipelines.definition import ComputedFeature, Function, Pipeline
from larder.pipelines.durations import SECOND

EVENTS = "events"
"""The name of the partial that counts events, whatever their values."""


class Part(StrEnum):
    """What is kept of an input at a point."""

    COUNT = "n"
    SUM = "s"
    SQUARES = "q"
    LEAST = "lo"
    GREATEST = "hi"


_PARTS = {
    Function.COUNT: (Part.COUNT,),
    Function.SUM: (Part.COUNT, Part.SUM),
    Function.AVG: (Part.COUNT, Part.SUM),
    Function.RATE: (Part.COUNT, Part.SUM),
    Function.STDDEV: (Part.COUNT, Part.SUM, Part.SQUARES),
    Function.MIN: (Part.LEAST,),
    Function.MAX: (Part.GREATEST,),
}
LINE = ",\n  "
"""Between two columns of a statement, so that people can read it."""
ADDED = (Part.COUNT, Part.SUM, Part.SQUARES)
_TYPES = {Part.COUNT: "BIGINT", Part.SUM: "BIGINT", Part.SQUARES: "DECIMAL(38, 0)"}


@dataclass(frozen=True, slots=True, order=True)
class Partial:
    """A part of an input; sums have a scale."""

    column: str
    part: Part
    scale: int = 0

    @property
    def name(self) -> str:
        """Its column."""
        return f"{self.column}_{self.part}{self.scale or ''}"

    def over(self, window: int) -> str:
        """The column of its value over a window of so many microseconds."""
        return f"{self.name}_w{window // SECOND}"

    @property
    def is_added(self) -> bool:
        """Whether parts of two points add up, so that what leaves can be taken away."""
        return self.part in ADDED

    def added(self, what: str) -> str:
        """A sum, of the type that it must fit: more raises on every engine."""
        return f"CAST({what} AS {_TYPES[self.part]})"

    @property
    def of_tile(self) -> str:
        """It, of the events of one point."""
        column = self.column
        match self.part:
            case Part.COUNT:
                return f"COUNT({column})"
            case Part.SUM:
                return self.added(f"SUM({self._fixed})")
            case Part.SQUARES:
                factor = f"CAST({self._fixed} AS DECIMAL(38, 0))"
                return self.added(f"SUM({factor} * {factor})")
            case Part.LEAST:
                return f"MIN({column})"
            case Part.GREATEST:
                return f"MAX({column})"

    @property
    def _fixed(self) -> str:
        """The value in fixed point; halves are rounded away from zero."""
        unit = f" * CAST({10**self.scale} AS BIGINT)" if self.scale else ""
        return f"CAST(ROUND({self.column}{unit}) AS BIGINT)"


def input_sql(feature: ComputedFeature) -> str:
    """What a feature takes of one event."""
    aggregate = feature.aggregate
    if aggregate is None:
        return feature.latest or "NULL"
    value = aggregate.of or "1"
    if aggregate.function is Function.RATE:
        value = f"CASE WHEN {value} THEN 1 WHEN NOT ({value}) THEN 0 END"
    return f"CASE WHEN {aggregate.where} THEN {value} END" if aggregate.where else value


class Inputs:
    """The inputs and partials of a pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._features = pipeline.features

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column of each input, by its SQL."""
        texts = dict.fromkeys(input_sql(each) for each in self._features)
        return {text: f"m{number}" for number, text in enumerate(texts)}

    def column(self, feature: ComputedFeature) -> str:
        """The column that a feature is computed of."""
        return self.columns[input_sql(feature)]

    def partial(self, feature: ComputedFeature, part: Part) -> Partial:
        """A partial of a feature's input."""
        scale = feature.aggregate.scale if feature.aggregate else 0
        return Partial(self.column(feature), part, scale if part in (Part.SUM, Part.SQUARES) else 0)

    @cached_property
    def windows(self) -> dict[Partial, list[int]]:
        """The windows over which each partial is needed, the shortest first."""
        found: dict[Partial, set[int]] = {}
        for feature in self._features:
            if feature.aggregate:
                for part in _PARTS.get(feature.aggregate.function, ()):
                    found.setdefault(self.partial(feature, part), set()).add(
                        feature.aggregate.window
                    )
        return {partial: sorted(windows) for partial, windows in found.items()}

    @cached_property
    def distinct(self) -> dict[str, list[int]]:
        """The windows over which distinct values of an input are counted, by its column."""
        found: dict[str, set[int]] = {}
        for feature in self._features:
            if feature.aggregate and feature.aggregate.function is Function.DISTINCT:
                found.setdefault(self.column(feature), set()).add(feature.aggregate.window)
        return {column: sorted(windows) for column, windows in found.items()}

    @cached_property
    def last(self) -> dict[str, int]:
        """How many of an input's last values are needed, by its column."""
        found: dict[str, int] = {}
        for feature in self._features:
            aggregate = feature.aggregate
            if aggregate and aggregate.function in (Function.LAST, Function.LAST_N):
                column = self.column(feature)
                found[column] = max(found.get(column, 1), aggregate.n)
        return found

    @cached_property
    def latest(self) -> list[str]:
        """The columns of which the newest event's value is needed."""
        found = [self.column(each) for each in self._features if each.latest is not None]
        return list(dict.fromkeys(found))

    @cached_property
    def counters(self) -> list[str]:
        """Columns of counts from the first event on: of an input's values, or of all events.

        Such a count is the place of the last one among them.
        """
        return [*(f"{column}_n" for column in self.last), *([EVENTS] if self.latest else [])]

    def tiles(self) -> Iterator[str]:
        """What is computed of the events of one point, with names."""
        partials = {partial.name: partial.of_tile for partial in self.windows}
        partials |= {f"{column}_n": f"COUNT({column})" for column in self.last}
        partials |= {EVENTS: "COUNT(*)"} if self.latest else {}
        return (f"{sql} AS {name}" for name, sql in partials.items())
