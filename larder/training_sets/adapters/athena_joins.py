"""The join of a training set on Athena, with the labels as a table while the query runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from larder.as_of.athena import Labels, as_of_query, unload
from larder.as_of.join import Join
from larder.offline.queries import Queries, QueryRun
from larder.progress import Report
from larder.training_sets.ports import JoinTask, LabelTables


@dataclass(frozen=True, slots=True)
class AthenaJoins:
    """Implements ``larder.training_sets.ports.JoinEngine``."""

    queries: Queries
    label_tables: LabelTables

    def query(self, labels: Labels, joins: Sequence[Join]) -> str:
        """The join in Athena's SQL."""
        return as_of_query(labels, joins)

    def run(self, task: JoinTask, report: Report) -> QueryRun:
        """Run a query as UNLOAD; the table of labels is dropped afterwards, whatever happens."""
        statement = unload(task.query, task.location, task.partition_by)
        with self.label_tables.table(task.label_table, task.labels, training_set=task.training_set):
            return self.queries.run(statement, report)
