"""The use case: a pipeline's three questions, asked for a sample of its records.

The order of reading keeps what is under way apart. First the online store is read, then the
watermark, then the history. So what the watermark covers must be in the history that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from larder.as_of.sample import newest_query, sample_query, written_query
from larder.errors import ThrottlingException, ValidationError
from larder.event_time import nanos_to_iso
from larder.groups.feature_group import FeatureGroup
from larder.offline.feature_table import FeatureTable
from larder.offline.queries import TableVersions
from larder.pipelines.consistency.history_and_source import HistoryAndSource, Intervals
from larder.pipelines.consistency.in_time import LOOKS_BACK, timeliness
from larder.pipelines.consistency.ports import RowQueries
from larder.pipelines.consistency.recompute import rows_at
from larder.pipelines.consistency.report import Comparison, ConsistencyReport, Question, Timeliness
from larder.pipelines.consistency.sides import history_versions, key_text, source_rows
from larder.pipelines.consistency.store_and_history import StoreAndHistory
from larder.pipelines.definition import MOST_SAMPLE, Consistency, Pipeline
from larder.pipelines.runs.items import BEGINNING
from larder.pipelines.runs.ledger import Ledger
from larder.pipelines.sql.statement import Shape
from larder.records.ports import RecordReads
from larder.records.record import RecordVersion
from larder.records.values import slots_of

_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyCheck:
    """Asks the three questions.

    Attributes:
        groups: gives a feature group; raises ``ResourceNotFound``.
        records: the online store as readers have it.
        versions: the states of offline tables.
        queries: where the history and the source are queried.
        ledger: which intervals are published.
        watermark: until when the offline store is complete, if that is proven.
        clock: microseconds since the epoch.
        shape: the shape of the pipeline's statement that suits the engine.
    """

    groups: Callable[[str], FeatureGroup]
    records: RecordReads
    versions: TableVersions
    queries: RowQueries
    ledger: Ledger
    watermark: Callable[[], int | None]
    clock: Callable[[], int]
    shape: Shape = Shape.DELTA

    def run(self, pipeline: Pipeline, *, sample: int | None, salt: str) -> ConsistencyReport:
        """The report over at most ``sample`` records, chosen by ``salt``.

        By default there are as many as the definition says.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationError: the group has no history, or the sample is too large for a query.
            QueryFailed, ServiceUnavailable, ThrottlingException: a store gave no answer.
        """
        size = _size(pipeline, sample)
        group, began = self.groups(pipeline.group), self.clock()
        asked = sample_query(FeatureTable.of(group), size, salt)
        keys = [row["k"] for row in self.queries.rows(asked, "sample")]
        intervals = Intervals(self.ledger.intervals(pipeline.group, pipeline.revision, BEGINNING))
        comparisons, in_time = tuple(Comparison(each) for each in Question), Timeliness()
        notes = () if group.online else ("the group has no online store: it was not compared",)
        if keys:
            comparisons, in_time = self._asked(pipeline, group, keys, intervals)
        return ConsistencyReport(
            pipeline=pipeline.group,
            revision=pipeline.revision,
            at=nanos_to_iso(began // 1_000_000 * 1_000_000_000),
            salt=salt,
            keys=len(keys),
            comparisons=comparisons,
            timeliness=in_time,
            notes=notes,
        )

    def _asked(
        self,
        pipeline: Pipeline,
        group: FeatureGroup,
        keys: Sequence[str | int | float],
        intervals: Intervals,
    ) -> tuple[tuple[Comparison, ...], Timeliness]:
        texts = [key_text(group, each) for each in keys]
        read_at = self.clock()
        online = self._online(group, texts) if group.online else {}
        watermark = self.watermark()
        table = FeatureTable.of(group)
        version = self.versions.current(table)
        history = history_versions(
            group, self.queries.rows(newest_query(table, version, keys), "history")
        )
        second = HistoryAndSource(pipeline, history, intervals)
        first = StoreAndHistory(
            group=group,
            online=online,
            history=history,
            read_at=read_at,
            watermark=watermark,
            is_running=second.is_running,
        )
        since = (read_at - LOOKS_BACK) * 1000
        written = self.queries.rows(written_query(table, version, keys, since), "written")
        stores = first.answer(texts) if group.online else Comparison(Question.STORE_VS_HISTORY)
        source = self._computed(pipeline, group, second).answer()
        return (stores, source), timeliness(pipeline, written, intervals)

    def _computed(
        self, pipeline: Pipeline, group: FeatureGroup, sides: HistoryAndSource
    ) -> HistoryAndSource:
        points = sides.points()
        if not points:
            return sides
        found = self.queries.rows(rows_at(pipeline, points, self.shape), "source")
        return replace(sides, source=source_rows(pipeline, group, found))

    def _online(self, group: FeatureGroup, keys: Sequence[str]) -> dict[str, RecordVersion]:
        found: dict[str, RecordVersion] = {}
        slot_of = slots_of(group)
        for first in range(0, len(keys), _READ_AT_ONCE):
            slots = [slot_of(each) for each in keys[first : first + _READ_AT_ONCE]]
            reads = self.records.get(slots)
            if reads.unprocessed:
                raise ThrottlingException("the online store refused reads for load; try again")
            found |= {each.identifier: v for each in slots if (v := reads.at(each)) is not None}
        return found


def _size(pipeline: Pipeline, sample: int | None) -> int:
    size = (pipeline.consistency or Consistency()).sample if sample is None else sample
    if not 0 < size <= MOST_SAMPLE:
        raise ValidationError(f"sample: {size} must be between 1 and {MOST_SAMPLE} records")
    return size
