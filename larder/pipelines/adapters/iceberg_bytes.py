"""How many bytes of Iceberg tables an interval reads, by their own metadata: no file is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    LessThanOrEqual,
    Reference,
)
from pyiceberg.table import Table
from pyiceberg.types import TimestamptzType

from larder.as_of.text import moment
from larder.pipelines.adapters.iceberg_commits import named_column
from larder.pipelines.definition import Source, TimeUnit
from larder.pipelines.sql.bounds import UNITS, Span


@dataclass(frozen=True, slots=True)
class IcebergBytes:
    """Implements ``larder.pipelines.runs.spark.SourceBytes``.

    ``load`` gives a table by its name, or ``None`` where it is no Iceberg table.
    """

    load: Callable[[str], Table | None]

    def to_read(self, source: Source, span: Span) -> int:
        columns = dict(source.instants)
        return sum(self._of_table(name, columns.get(name), source, span) for name in source.reads)

    def _of_table(self, name: str, column: str | None, source: Source, span: Span) -> int:
        table = self.load(name)
        if table is None:
            return 0
        within = AlwaysTrue() if column is None else _within(table, column, source.unit, span)
        scan = table.scan(row_filter=within)
        return sum(each.file.file_size_in_bytes for each in scan.plan_files())


def _within(table: Table, column: str, unit: TimeUnit, span: Span) -> BooleanExpression:
    """A filter of files that leaves a little more than the span."""
    name = named_column(table, column)
    first, last = _literals(table, name, unit, span)
    at_least: Any = GreaterThanOrEqual
    at_most: Any = LessThanOrEqual
    return And(at_least(Reference(name), first), at_most(Reference(name), last))


def _literals(
    table: Table, name: str, unit: TimeUnit, span: Span
) -> tuple[str, str] | tuple[int, int]:
    first, last = span.events_after, span.until + 1
    if unit in UNITS:
        return first // UNITS[unit], last // UNITS[unit] + 1
    texts = moment(first).replace(" ", "T"), moment(last).replace(" ", "T")
    if unit is TimeUnit.ISO8601:  # of a second with a fraction and one without, Z sorts last
        return texts[0][:19], f"{texts[1][:19]}Z"
    zone = "+00:00" if isinstance(table.schema().find_type(name), TimestamptzType) else ""
    return texts[0] + zone, texts[1] + zone
