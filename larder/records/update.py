"""Changing some features of a record: the use case of UpdateRecord.

The merged record is one conditional write over the version it was made from. So two writers of
different features never lose a value. The whole merged record goes to the offline store (AWS does
not say what it appends there).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import time_ns

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import (
    ConflictException,
    ResourceNotFound,
    ThrottlingException,
    ValidationError,
)
from larder.event_time import event_time_nanos
from larder.groups.feature_group import FeatureGroup, StorageType, TargetStore, TtlDuration
from larder.groups.settings_cache import GroupSettings
from larder.records.codec import Value, unpack
from larder.records.ports import Consistency, RecordUpdates
from larder.records.record import RecordVersion, Slot
from larder.records.values import (
    UndefinedFeature,
    checked_features,
    complete,
    slot_of,
    target_stores,
)
from larder.records.versions import Stamp, live_version

MAX_FEATURES = 100
_TRIES = 32


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """Features of one record to change; ``targets`` ``None`` means all stores."""

    group: str
    identifier: str
    features: Sequence[tuple[str, object]]
    targets: frozenset[TargetStore] | None = None
    ttl: TtlDuration | None = None


@dataclass(slots=True)
class RecordUpdater:
    """Updates records. ``clock`` gives nanoseconds since the epoch."""

    store: RecordUpdates
    groups: GroupSettings
    clock: Callable[[], int] = time_ns

    def of_caller(self, access: Access) -> RecordUpdater:
        """The same for a caller, who needs the right to write each group that is named."""
        return replace(self, groups=self.groups.of_caller(access, Right.WRITE))

    def update(self, request: UpdateRecord) -> None:
        """Change the named features, keep the others.

        The event time may be among them: an equal or newer one is taken, without one the stored
        one is kept. Without ``ttl`` the record keeps its time to live.

        Raises:
            ResourceNotFound: there is no such group, or no such record that a reader may see.
            ConflictException: the event time is older than the stored one.
            ValidationError: the group's tier has no partial updates, or a feature does not fit.
            ThrottlingException, ServiceUnavailable: the store did not take it.
        """
        group, changes = self._changes(request)
        targets = target_stores(group, request.targets)
        if TargetStore.ONLINE not in targets:
            raise ValidationError(
                "TargetStores: UpdateRecord changes the record in the online store; "
                "name OnlineStore, or leave TargetStores out."
            )
        slot = slot_of(group, request.identifier)
        for _ in range(_TRIES):
            stored = self._stored(slot)
            version = self._merged(group, changes, stored, request.ttl, targets)
            if self.store.replace(slot, stored, version, now_nanos=self.clock()):
                return
        raise ThrottlingException("Too many writers change this record at once; try again.")

    def _changes(self, request: UpdateRecord) -> tuple[FeatureGroup, dict[int, Value]]:
        group = self.groups.get(request.group)
        _require_partial_updates(group)
        if len(request.features) > MAX_FEATURES:
            raise ValidationError(
                f"Features: {len(request.features)} were sent; at most {MAX_FEATURES} are "
                f"updated by one call."
            )
        try:
            changes = checked_features(group, request.features)
        except UndefinedFeature:
            group = self.groups.refresh(group.name)
            changes = checked_features(group, request.features)
        named = changes.get(group.ordinals[group.record_identifier_name])
        if named is not None and slot_of(group, str(named)) != slot_of(group, request.identifier):
            raise ValidationError(
                f"Feature '{group.record_identifier_name}' can't be changed: it is the record "
                f"identifier, {request.identifier[:64]!r}."
            )
        if request.ttl and group.ordinals[group.event_time_name] not in changes:
            raise ValidationError(
                f"TtlDuration needs the event time among Features: add "
                f"'{group.event_time_name}', from which the record's expiry is counted."
            )
        return group, changes

    def _stored(self, slot: Slot) -> RecordVersion:
        reads = self.store.get([slot], consistency=Consistency.STRONG)
        if reads.unprocessed:
            raise ThrottlingException("The store refused to read the record; try again.")
        stored = reads.at(slot)
        if stored is None or not stored.is_visible(self.clock()):
            raise ResourceNotFound(
                f"There is no record {slot.identifier[:64]!r} to update; create it by PutRecord."
            )
        return stored

    def _merged(
        self,
        group: FeatureGroup,
        changes: dict[int, Value],
        stored: RecordVersion,
        ttl: TtlDuration | None,
        targets: frozenset[TargetStore],
    ) -> RecordVersion:
        now = self.clock() // 1000
        old = {ordinal: v for ordinal, v in enumerate(unpack(stored.packed)) if v is not None}
        stamp = Stamp(invocation_time=now, write_time=max(now, stored.write_time + 1))
        values = complete(group, old | changes)
        _, version = live_version(group, values, stamp=stamp, ttl=ttl, targets=targets)
        if version.event_key < stored.event_key:
            raise ConflictException(
                f"The event time of the update is older than that of the stored record; send an "
                f"equal or newer '{group.event_time_name}', or none to keep it."
            )
        if ttl is None and stored.expires_at is not None:
            kind = group.event_time_type
            age = stored.expires_at - event_time_nanos(stored.event_key, kind)
            expires_at = event_time_nanos(version.event_key, kind) + age
            version = replace(version, expires_at=expires_at)
        return version


def _require_partial_updates(group: FeatureGroup) -> None:
    tier = group.online.storage_type if group.online else None
    if tier not in {StorageType.STANDARD_V2, StorageType.IN_MEMORY}:
        raise ValidationError(
            f"UpdateRecord needs an online store of type Standard_V2 or InMemory; FeatureGroup "
            f"{group.name} has {tier or 'none'}. Move it by UpdateFeatureGroup, or use PutRecord."
        )
