"""The instants of a statement as SQL: numbers of one interval, or markers for a text kept ready.

A text with markers is translated once, by a deployment. A function, which translates nothing,
fills it in with an interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from larder.as_of.text import literal, moment, timestamp
from larder.pipelines.definition import Source, TimeUnit
from larder.pipelines.durations import SECOND

UNITS = {TimeUnit.SECONDS: SECOND, TimeUnit.MILLISECONDS: 1000, TimeUnit.MICROSECONDS: 1}
"""How many microseconds one of a source's numbers is."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a statement reads and gives, in microseconds.

    Its rows have points in (``after``, ``until``], its events instants in (``events_after``,
    ``until``].
    """

    after: int
    until: int
    events_after: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The SQL of a span. The source's own column is compared too, so that files are skipped."""

    after: str
    until: str
    events_after: str
    column_from: str
    column_until: str


MARKERS = Bounds(*(f":larder_{each.name}" for each in fields(Bounds)))
"""In place of a span's numbers. No marker begins as another one does."""


def bounds_of(source: Source, span: Span, of_column: Callable[[int], str] = timestamp) -> Bounds:
    """The bounds of a span; ``of_column`` writes a timestamp to compare the column with.

    The column's bounds leave a little more than the span.
    """
    first, last = span.events_after, span.until
    if source.unit is TimeUnit.TIMESTAMP:
        column = (of_column(first), of_column(last + 1))
    else:
        unit = UNITS.get(source.unit, 1)
        column = (str(first // unit), str(last // unit + 1))
    return Bounds(str(span.after), str(last), str(first), *column)


def filled(text: str, source: Source, span: Span) -> str:
    """A text with markers, of a span.

    A timestamp is plain text in it. Spark gives that the type of the column, with a zone or
    without, so that Iceberg skips files by it.
    """
    bounds = bounds_of(source, span, lambda micros: literal(moment(micros)))
    for each in fields(Bounds):
        text = text.replace(getattr(MARKERS, each.name), getattr(bounds, each.name))
    return text
