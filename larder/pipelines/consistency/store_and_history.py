"""The first question: does the online store hold what the history has as the newest?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from larder.groups.feature_group import FeatureGroup
from larder.offline.watermark import MARGIN_MICROS
from larder.pipelines.consistency.compare import Pair, Row, compare, differs
from larder.pipelines.consistency.report import Cause, Comparison, Question
from larder.pipelines.consistency.sides import HistoryVersion, compared, online_row
from larder.records.record import RecordVersion, State

Judged = tuple[Pair, Cause | None] | Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAndHistory:
    """Both sides of one check.

    The online store was read at ``read_at``, and the history after ``watermark`` was proven; both
    are microseconds since the epoch. ``is_running`` says whether a run is at work on the interval
    of a version.
    """

    group: FeatureGroup
    online: Mapping[str, RecordVersion]
    history: Mapping[str, HistoryVersion]
    read_at: int
    watermark: int | None
    is_running: Callable[[HistoryVersion], bool]

    def answer(self, keys: Sequence[str]) -> Comparison:
        """The comparison of these records."""
        features = compared(self.group)
        pairs, older = [], 0
        uncompared, causes = Counter[str](), Counter[str]()
        for key in keys:
            found = self._judged(key)
            if found is None:
                older += self._is_older(key)
            elif isinstance(found, Cause):
                uncompared[str(found)] += 1
            else:
                pair, cause = found
                pairs.append(pair)
                if cause and differs(pair, features):
                    causes[str(cause)] += 1
        return Comparison(
            Question.STORE_VS_HISTORY,
            len(pairs),
            compare(pairs, features),
            older,
            dict(uncompared),
            dict(causes),
        )

    def _judged(self, key: str) -> Judged:
        """A pair with the cause of differing; ``None`` if nothing is there, or an older version."""
        online, history = self._online(key), self.history.get(key)
        if self._has_expired(online, history):
            return Cause.EXPIRED
        if online is None:
            return self._not_online(key, history)
        if history is None or online.order() > history.order:
            return self._newer_online(key, online, history)
        if online.order() < history.order:
            if self._is_open(history):
                return Cause.IN_FLIGHT
            if not history.gone and history.order[0] != online.event_key:
                return None
        return Pair(key, self._row(online), history.row), None

    def _newer_online(
        self, key: str, online: RecordVersion, history: HistoryVersion | None
    ) -> Judged:
        if not online.offline:
            cause = Cause.ONLINE_ALONE
        elif self._is_proven(online.write_time):
            cause = Cause.NOT_IN_HISTORY
        else:
            return Cause.IN_FLIGHT
        return Pair(key, self._row(online), self._row_at(history, online)), cause

    def _not_online(self, key: str, history: HistoryVersion | None) -> Judged:
        if history is None or history.gone:
            return None
        if self._is_open(history):
            return Cause.IN_FLIGHT
        return Pair(key, {}, history.row), Cause.NOT_ONLINE

    def _is_older(self, key: str) -> bool:
        online, history = self._online(key), self.history.get(key)
        return online is not None and history is not None and online.event_key < history.order[0]

    def _online(self, key: str) -> RecordVersion | None:
        found = self.online.get(key)
        return None if found is None or found.state is State.HARD_DELETED else found

    def _has_expired(self, online: RecordVersion | None, history: HistoryVersion | None) -> bool:
        now = self.read_at * 1000
        if online is not None:
            return online.is_expired(now)
        store = self.group.online
        if history is None or history.gone or store is None or store.ttl is None:
            return False
        return history.event_nanos + store.ttl.nanos <= now

    def _row(self, online: RecordVersion) -> Row:
        return online_row(self.group, online) if online.state is State.LIVE else {}

    def _row_at(self, history: HistoryVersion | None, online: RecordVersion) -> Row:
        """What the history has at the online version's own event time; for a deletion, any."""
        if history is None:
            return {}
        is_same = history.order[0] == online.event_key or online.state is State.SOFT_DELETED
        return history.row if is_same else {}

    def _is_proven(self, written: int) -> bool:
        return self.watermark is not None and written <= self.watermark

    def _is_open(self, history: HistoryVersion) -> bool:
        """Whether its writer may still be on its way to the online store."""
        return history.write_time > self.read_at - MARGIN_MICROS or self.is_running(history)
