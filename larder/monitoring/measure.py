"""Statistics of a relation, by as few statements as its columns fit into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from larder.monitoring.columns import Column
from larder.monitoring.statistics import ColumnStatistics, Statistics
from larder.monitoring.statistics_sql import (
    Buckets,
    buckets_of,
    chunks,
    shapes_of,
    shapes_query,
    statistics_of,
    statistics_query,
    values_query,
)

if TYPE_CHECKING:  # the control plane carries this module, and no offline store
    from larder.models.report_experiment import QueryRows


def measured(queries: QueryRows, relation: str, columns: Sequence[Column]) -> Statistics:
    """Statistics of columns by buckets of their own: a baseline's. It takes three scans.

    Raises as ``larder.offline.queries.Queries`` does.
    """
    buckets: list[Buckets] = []
    for some in chunks(columns):
        [shaped] = queries.rows(shapes_query(relation, some))
        shapes = shapes_of(some, shaped)
        [values] = queries.rows(values_query(relation, some, shapes))
        buckets.extend(buckets_of(some, shapes, values))
    return counted(queries, relation, buckets)


def counted(queries: QueryRows, relation: str, buckets: Sequence[Buckets]) -> Statistics:
    """Statistics by given buckets, from one scan for each hundred columns."""
    found: list[ColumnStatistics] = []
    rows = 0
    for some in chunks(buckets):
        [row] = queries.rows(statistics_query(relation, some))
        part = statistics_of(some, row)
        rows = part.rows
        found.extend(part.columns)
    return Statistics(rows, tuple(found))


def buckets_by(columns: Sequence[Column], baseline: Statistics) -> list[Buckets]:
    """The buckets and the range that a baseline has of these columns; others are left out."""
    found = []
    for each in columns:
        before = baseline.column(each.name)
        if before is None:
            continue
        codes = [each.categories.index(text) for text in before.values if text in each.categories]
        found.append(Buckets(each, before.edges, tuple(codes), before.minimum, before.maximum))
    return found
