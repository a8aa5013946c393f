"""The second question: does the history hold what the source gives today?"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from larder.pipelines.consistency.compare import Pair, Row, compare, differs
from larder.pipelines.consistency.report import Cause, Comparison, Question
from larder.pipelines.consistency.sides import HistoryVersion
from larder.pipelines.definition import Function, Pipeline
from larder.pipelines.runs.items import IntervalItem, State
from larder.pipelines.sql.source import Key


class Intervals:
    """The intervals of one revision, found by their points; of several the last one counts."""

    def __init__(self, items: Iterable[IntervalItem]) -> None:
        self._items = sorted(items, key=lambda each: (each.interval.until, each.changed))
        self._ends = [each.interval.until for each in self._items]
        self._longest = max((e.interval.until - e.interval.after for e in self._items), default=0)

    def at(self, point: int) -> IntervalItem | None:
        """The interval of a point T; of overlapping ones, that which was changed last."""
        found = None
        for item in self._items[bisect_left(self._ends, point) :]:
            if item.interval.until - self._longest >= point:
                break
            if item.interval.after < point and (found is None or item.changed > found.changed):
                found = item
        return found


@dataclass(frozen=True, slots=True)
class HistoryAndSource:
    """Both sides: newest versions, and the rows that the source gives at their points."""

    pipeline: Pipeline
    history: Mapping[str, HistoryVersion]
    intervals: Intervals
    source: Mapping[str, Row] = field(default_factory=dict)

    def points(self) -> dict[Key, int]:
        """The points T of the versions that can be computed again, by identifier."""
        return {
            each.key: self.point(each) for each in self.history.values() if not self._is_open(each)
        }

    def point(self, version: HistoryVersion) -> int:
        """The point of a version: its event time without ``available_after``, in microseconds."""
        return version.event_nanos // 1000 - self.pipeline.available_after

    def is_running(self, version: HistoryVersion) -> bool:
        """Whether a run is at work on the interval of a version, or late events made it due."""
        item = self.intervals.at(self.point(version))
        return item is not None and item.state in (State.RUNNING, State.DUE)

    def answer(self) -> Comparison:
        """The comparison of all versions that are not deletions."""
        features = [each.name for each in self.pipeline.features]
        inexact = {each.name for each in self.pipeline.features if _is_inexact(each.aggregate)}
        pairs, uncompared, causes = [], Counter[str](), Counter[str]()
        for key, version in self.history.items():
            if version.gone:
                continue
            if self.is_running(version):
                uncompared[str(Cause.IN_FLIGHT)] += 1
                continue
            row = {name: version.row[name] for name in features if name in version.row}
            pair = Pair(key, row, self.source.get(key, {}))
            pairs.append(pair)
            cause = self._cause(key, version)
            if cause and differs(pair, features, inexact):
                causes[str(cause)] += 1
        return Comparison(
            Question.HISTORY_VS_SOURCE,
            len(pairs),
            compare(pairs, features, inexact),
            0,
            dict(uncompared),
            dict(causes),
        )

    def _is_open(self, version: HistoryVersion) -> bool:
        return version.gone or self.is_running(version)

    def _cause(self, key: str, version: HistoryVersion) -> Cause | None:
        """Why the version would differ, if it does."""
        item = self.intervals.at(self.point(version))
        if item is None or item.state is not State.PUBLISHED:
            return Cause.OTHER_REVISION
        if version.write_time > item.changed:
            return Cause.LIVE_WRITE
        return None if key in self.source else Cause.NOT_OF_SOURCE


def _is_inexact(aggregate: object) -> bool:
    return getattr(aggregate, "function", None) is Function.STDDEV
