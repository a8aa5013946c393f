"""Reading records: the use cases of GetRecord and BatchGetRecord."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import time_ns

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import (
    LarderError,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)
from larder.event_time import nanos_to_iso
from larder.groups.feature_group import FeatureGroup
from larder.groups.settings_cache import GroupSettings
from larder.records.codec import Value, unpack
from larder.records.ports import Consistency, RecordReads
from larder.records.record import RecordVersion, Slot
from larder.records.values import UndefinedFeature, ordinals_in_use, ordinals_of, slot_of, slots_of

_CHUNK = 100


@dataclass(slots=True)
class Found:
    """A record that a reader is given: it has at least one of the features asked for.

    ``packed`` holds all of its values, whose features are ``group``'s; asked for are those of
    ``ordinals``, in that order, or all.
    ``expires_nanos`` is nanoseconds since the epoch, ``None`` for never.
    """

    group: FeatureGroup
    ordinals: Sequence[int] | None
    packed: bytes
    expires_nanos: int | None

    @property
    def values(self) -> Sequence[tuple[str, Value]]:
        """What was asked for and is there, by feature name."""
        row, names = unpack(self.packed), self.group.feature_names
        if self.ordinals is None:
            return [(names[o], value) for o, value in enumerate(row) if value is not None]
        return [
            (names[ordinal], value)
            for ordinal in self.ordinals
            if ordinal < len(row) and (value := row[ordinal]) is not None
        ]

    @property
    def expires_at(self) -> str | None:
        """ISO-8601 UTC, ``None`` for never."""
        return None if self.expires_nanos is None else nanos_to_iso(self.expires_nanos)


@dataclass(frozen=True, slots=True)
class GetRecords:
    """Records of one group to read; ``features`` ``None`` means all of them."""

    group: str
    identifiers: Sequence[str]
    features: Sequence[str] | None = None


@dataclass(slots=True)
class BatchOutcome:
    """What became of each identifier asked for; one in no list was read and holds nothing.

    Each entry begins with its place: (index of the ``GetRecords``, identifier as asked).
    """

    found: list[tuple[int, str, Found]] = field(default_factory=list)
    errors: list[tuple[int, str, LarderError]] = field(default_factory=list)
    unprocessed: list[tuple[int, str]] = field(default_factory=list)


_Wanted = tuple[int, str, Slot, FeatureGroup, Sequence[int] | None]
"""Place and identifier as in ``BatchOutcome``, and where to read which features."""


@dataclass(slots=True)
class RecordReader:
    """Reads records. ``clock`` gives nanoseconds since the epoch, by which expiry is judged."""

    store: RecordReads
    groups: GroupSettings
    clock: Callable[[], int] = time_ns

    def of_caller(self, access: Access) -> RecordReader:
        """The same for a caller, who needs the right to read each group that is named."""
        return type(self)(self.store, self.groups.of_caller(access, Right.READ), self.clock)

    def get(
        self,
        group: str,
        identifier: str,
        features: Sequence[str] | None,
        consistency: Consistency = Consistency.DEFAULT,
    ) -> Found | None:
        """The record, or ``None`` where a reader may see none, or none of the features asked for.

        ``Consistency`` says what a read may miss; by default a writer reads its own write.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationError: an unknown feature, a malformed identifier, or no online store.
            ThrottlingException, ServiceUnavailable: the store gave no answer.
            NewerFormat: a newer release wrote the record.
        """
        settings, ordinals = self._settings(group, features)
        slot = slot_of(settings, identifier)
        reads = self.store.get([slot], consistency=consistency)
        if slot in reads.unprocessed:
            raise ThrottlingException(
                f"The store refused to read record {identifier[:64]!r} for load; try again."
            )
        return self._found(settings, ordinals, reads.at(slot), self.clock())

    def batch_get(
        self, requests: Sequence[GetRecords], consistency: Consistency = Consistency.DEFAULT
    ) -> BatchOutcome:
        """The records of many groups; one group's error leaves the others served.

        Identifiers that the store refused for load, or did not reach, are ``unprocessed``.
        """
        outcome = BatchOutcome()
        wanted = self._wanted(requests, outcome)
        while chunk := list(islice(wanted, _CHUNK)):
            slots = list(dict.fromkeys([slot for _, _, slot, _, _ in chunk]))
            try:
                reads = self.store.get(slots, consistency=consistency)
            except (ThrottlingException, ServiceUnavailable):
                outcome.unprocessed.extend((place, name) for place, name, _, _, _ in chunk)
                continue
            now = self.clock()
            for place, identifier, slot, group, ordinals in chunk:
                if reads.unprocessed and slot in reads.unprocessed:
                    outcome.unprocessed.append((place, identifier))
                    continue
                try:
                    found = self._found(group, ordinals, reads.at(slot), now)
                except LarderError as error:  # or the group has changed meanwhile
                    outcome.errors.append((place, identifier, error))
                    continue
                if found:
                    outcome.found.append((place, identifier, found))
        return outcome

    def _wanted(self, requests: Sequence[GetRecords], outcome: BatchOutcome) -> Iterator[_Wanted]:
        for place, request in enumerate(requests):
            try:
                group, ordinals = self._settings(request.group, request.features)
            except LarderError as error:
                outcome.errors.extend((place, each, error) for each in request.identifiers)
                continue
            slot_of_group = slots_of(group)
            for identifier in request.identifiers:
                try:
                    slot = slot_of_group(identifier)
                except ValidationError as error:
                    outcome.errors.append((place, identifier, error))
                else:
                    yield place, identifier, slot, group, ordinals

    def _settings(
        self, name: str, features: Sequence[str] | None
    ) -> tuple[FeatureGroup, Sequence[int] | None]:
        group = self.groups.get(name)
        if group.online is None:
            raise ValidationError(
                f"FeatureGroup {group.name} has no online store to read from; "
                f"query its offline store, or enable one when creating it."
            )
        if features is None:
            return group, ordinals_in_use(group)
        try:
            return group, ordinals_of(group, features)
        except UndefinedFeature:  # it may have been added a moment ago
            group = self.groups.refresh(group.name)
            return group, ordinals_of(group, features)

    def _found(
        self,
        group: FeatureGroup,
        ordinals: Sequence[int] | None,
        version: RecordVersion | None,
        now_nanos: int,
    ) -> Found | None:
        if version is None or not version.is_visible(now_nanos):
            return None
        if version.schema_version > group.schema_version:
            group = self.groups.refresh(group.name)
        found = Found(group, ordinals, version.packed, version.expires_at)
        if ordinals is not None and not found.values:
            return None  # SageMaker's Record has at least one feature, or is left out
        return found
