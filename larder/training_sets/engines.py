"""What computes the join of a training set: the port, and Athena behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.as_of.athena import Labels, as_of_query, unload
from larder.as_of.join import Join
from larder.offline.queries import Queries, QueryRun
from larder.progress import Report
from larder.training_sets.ports import LabelTables, StoredLabels

ATHENA, DUCKDB = "athena", "duckdb"


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table that was read.

    ``snapshot_id`` is ``None`` where the table has no snapshots. Then rows that were accepted up to
    ``written_until`` were read, which does not hold the table still: such rows may come later.
    """

    group: str
    group_created: str
    database: str
    table: str
    snapshot_id: int | None
    empty: bool
    written_until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinTask:
    """A join to run: ``query`` over the labels and the tables, at their snapshots.

    The rows go below ``location``, in folders by the values of the columns ``partition_by``, which
    come last in the query. ``label_table`` is the name that the query has for the labels.
    """

    training_set: str
    query: str
    label_table: str
    labels: StoredLabels
    tables: tuple[SourceTable, ...]
    location: str
    partition_by: tuple[str, ...]


class JoinEngine(Protocol):
    """Runs joins. A query is in the engine's own SQL; the rows are the same whichever runs it."""

    def query(self, labels: Labels, joins: Sequence[Join]) -> str:
        """The query of a join, as it is written down in the manifest."""

    def run(self, task: JoinTask, report: Report) -> QueryRun:
        """Run a query and write its rows; nothing but the rows stays, whatever happens.

        Raises:
            QueryFailed: the engine could not run it.
            ValidationError: a table is of a kind that the engine can't read.
        """


@dataclass(frozen=True, slots=True)
class AthenaJoins:
    """Implements ``JoinEngine`` by Athena, with the labels as a table while the query runs."""

    queries: Queries
    label_tables: LabelTables

    def query(self, labels: Labels, joins: Sequence[Join]) -> str:
        """See the port."""
        return as_of_query(labels, joins)

    def run(self, task: JoinTask, report: Report) -> QueryRun:
        """See the port."""
        statement = unload(task.query, task.location, task.partition_by)
        with self.label_tables.table(task.label_table, task.labels, training_set=task.training_set):
            return self.queries.run(statement, report)
