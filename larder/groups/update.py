"""UpdateFeatureGroup: features added, the online store changed, throughput switched.

Features only ever append. An update that the offline table has to follow is ``InProgress`` until
its columns are there; any other is ``Successful`` at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from larder.errors import ResourceInUse, ValidationError
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    OnlineStore,
    StorageType,
    UpdateStatus,
)
from larder.groups.feature_rules import collection_problems, feature_problems, partition_problems
from larder.groups.group_rules import throughput_problems
from larder.groups.manage import FeatureGroups, refuse_declared
from larder.groups.spec import OnlineChange, Throughput
from larder.problems import refuse


@dataclass(frozen=True, slots=True)
class GroupUpdates:
    """Updates of feature groups; ``declared`` ones come from definition files, not the API.

    Every method raises ``ResourceInUse`` where the group is busy, and ``ResourceNotFound`` where
    there is no such group. It raises ``ValidationError`` where the change contradicts the group.
    """

    groups: FeatureGroups
    declared: bool = False

    def add_features(
        self, name_or_arn: str, features: tuple[FeatureDefinition, ...]
    ) -> FeatureGroup:
        """Append features."""

        def append(group: FeatureGroup) -> FeatureGroup:
            self._check(group)
            refuse(feature_problems(group.features, features, "FeatureAdditions"))
            storage = group.online.storage_type if group.online else None
            refuse(collection_problems(features, storage, "FeatureAdditions"))
            if group.offline is not None:
                refuse(partition_problems(group.event_time_name, features))
            now = self.groups.clock()
            done = UpdateStatus.IN_PROGRESS if group.offline else UpdateStatus.SUCCESSFUL
            return replace(
                group,
                features=group.features + features,
                growth=(*group.growth, (len(group.features), now)),
                last_modified_time=now,
                last_update=done,
                last_update_failure=None,
            )

        return self.groups.change(name_or_arn, append)

    def change_online_store(self, name_or_arn: str, change: OnlineChange) -> FeatureGroup:
        """Set or remove the time to live of later writes, or move Standard to Standard_V2."""

        def apply(group: FeatureGroup) -> FeatureGroup:
            self._check(group)
            return self._done(replace(group, online=_changed(group, change)))

        return self.groups.change(name_or_arn, apply)

    def change_throughput(self, name_or_arn: str, change: Throughput) -> FeatureGroup:
        """Switch the throughput mode; members that are left out stay, where the mode has them."""

        def apply(group: FeatureGroup) -> FeatureGroup:
            self._check(group)
            mode = change.get("ThroughputMode", group.throughput["ThroughputMode"])
            kept = group.throughput if mode == "Provisioned" else {}
            throughput = {**kept, **change, "ThroughputMode": mode}
            storage = group.online.storage_type if group.online else None
            refuse(throughput_problems(throughput, storage))
            return self._done(replace(group, throughput=throughput))

        return self.groups.change(name_or_arn, apply)

    def _check(self, group: FeatureGroup) -> None:
        if not self.declared:
            refuse_declared(group, "changed")
        _refuse_busy(group)

    def _done(self, group: FeatureGroup) -> FeatureGroup:
        return replace(
            group,
            last_modified_time=self.groups.clock(),
            last_update=UpdateStatus.SUCCESSFUL,
            last_update_failure=None,
        )


def _changed(group: FeatureGroup, change: OnlineChange) -> OnlineStore:
    online = group.online
    if online is None:
        raise ValidationError(
            f"FeatureGroup {group.name} has no online store, so OnlineStoreConfig can't be "
            "updated: an online store is given at creation."
        )
    wanted = change.storage_type or online.storage_type
    upgrade = (online.storage_type, wanted) == (StorageType.STANDARD, StorageType.STANDARD_V2)
    if wanted is not online.storage_type and not upgrade:
        raise ValidationError(
            f"StorageType of FeatureGroup {group.name} can't change from {online.storage_type} to "
            f"{wanted}: the one move there is goes from Standard to Standard_V2."
        )
    return replace(online, storage_type=wanted, ttl=change.ttl if change.sets_ttl else online.ttl)


def _refuse_busy(group: FeatureGroup) -> None:
    """Raise ``ResourceInUse`` where a group is not ready for an update."""
    if group.status is not FeatureGroupStatus.CREATED:
        raise ResourceInUse(
            f"FeatureGroup {group.name} is in status {group.status}: it can be updated while "
            "DescribeFeatureGroup says Created."
        )
    if group.last_update is UpdateStatus.IN_PROGRESS:
        raise ResourceInUse(
            f"FeatureGroup {group.name} is being updated: wait until DescribeFeatureGroup no "
            "longer says LastUpdateStatus InProgress."
        )
