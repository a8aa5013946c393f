"""One record's online version beside the newest of its history: what they disagree on. Pure.

Both are compared by the register rule (``larder.records.record``). What is under way is no
difference, nor is what the two stores are meant to hold differently.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

from larder.groups.feature_group import FeatureDefinition, FeatureGroup
from larder.records.codec import Value, unpack
from larder.records.feature_values import Typed, typed_value
from larder.records.record import RecordVersion, State
from larder.records.values import same_values


class Kind(StrEnum):
    """How a record differs."""

    MISSING_OFFLINE = "missing offline"
    OLDER_OFFLINE = "older offline"
    MISSING_ONLINE = "missing online"
    OLDER_ONLINE = "older online"
    DIFFERENT = "different values"


class Cause(StrEnum):
    """Why a record is not compared.

    ``BETWEEN``: the online version was accepted after the newest of the history, and is older by
    its event time. That is only taken where the record was absent, so a deletion or an expiry came
    between.
    """

    IN_FLIGHT = "in flight"
    EXPIRED = "expired"
    ONLINE_ALONE = "written to the online store alone"
    BETWEEN = "written after a deletion or an expiry"


Verdict = Kind | Cause | None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version of a record in the history; a tombstone where that is a deletion.

    ``by_expiry`` says that the deletion is the end of a time to live.
    """

    version: RecordVersion
    by_expiry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges pairs of a group's versions. Instants are microseconds since the epoch.

    Attributes:
        group: theirs.
        settled: what was accepted by then must be in the history that was read.
        loaded: what the history has accepted by then must be online. Bulk loads write the history
            first.
        doubt: by how much a write time of the history may be wrong.
    """

    group: FeatureGroup
    settled: int
    loaded: int
    doubt: int = 0

    def verdict(
        self, online: RecordVersion | None, newest: Newest | None, now_nanos: int
    ) -> Verdict:
        """How they differ, why they are not compared, or ``None`` where they agree."""
        if online is not None and online.is_expired(now_nanos):
            return Cause.EXPIRED
        if online is None:
            return None if newest is None else self._not_online(newest, now_nanos)
        if newest is None:
            return self._ahead(online, Kind.MISSING_OFFLINE)
        newest = replace(newest, version=self._as_stored(newest.version, online))
        if online.order() == newest.version.order():
            return self._values(online, newest.version)
        if online.order() > newest.version.order():
            return self._ahead(online, Kind.OLDER_OFFLINE)
        return self._behind(online, newest, now_nanos)

    def differing(self, online: RecordVersion, newest: Newest) -> list[str]:
        """The features whose values differ."""
        sides = zip_longest(unpack(online.packed), unpack(newest.version.packed))
        pairs = zip(self.group.features, sides, strict=False)
        return [
            each.name for each, (one, other) in pairs if _typed(each, one) != _typed(each, other)
        ]

    def _values(self, online: RecordVersion, history: RecordVersion) -> Verdict:
        if online.state is not State.LIVE:
            return None
        same = same_values(self.group, online.packed, history.packed)
        return None if same else Kind.DIFFERENT

    def _ahead(self, online: RecordVersion, kind: Kind) -> Verdict:
        """The history lacks the online version."""
        if not online.offline:
            return Cause.ONLINE_ALONE
        return Cause.IN_FLIGHT if online.write_time > self.settled else kind

    def _not_online(self, newest: Newest, now_nanos: int) -> Verdict:
        history = newest.version
        if history.state is not State.LIVE:
            return None
        if history.is_expired(now_nanos):
            return Cause.EXPIRED
        return Cause.IN_FLIGHT if history.write_time > self.loaded else Kind.MISSING_ONLINE

    def _behind(self, online: RecordVersion, newest: Newest, now_nanos: int) -> Verdict:
        """The online store lacks the newest version of the history."""
        history = newest.version
        gone = history.state is not State.LIVE
        if newest.by_expiry or history.is_expired(now_nanos):
            return Cause.EXPIRED
        if (gone or online.life) and online.write_time >= history.write_time:
            return Cause.BETWEEN
        if online.state is State.HARD_DELETED:
            return None if gone else self._not_online(newest, now_nanos)
        return Cause.IN_FLIGHT if history.write_time > self.loaded else Kind.OLDER_ONLINE

    def _as_stored(self, history: RecordVersion, online: RecordVersion) -> RecordVersion:
        """The version of the history, with the online write time where it may be meant."""
        apart = abs(history.write_time - online.write_time)
        if history.event_key == online.event_key and apart <= self.doubt:
            return replace(history, write_time=online.write_time)
        return history


def _typed(feature: FeatureDefinition, value: Value | None) -> Typed | None:
    return None if value is None else typed_value(feature, value)
