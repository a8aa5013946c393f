"""The registry of feature groups: a port whose promises ``tests/contract`` asks of each adapter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from larder.groups.feature_group import FeatureGroup


class GroupLookup(Protocol):
    """What the data plane needs of the registry. Reads are strongly consistent."""

    def get(self, name: str) -> FeatureGroup | None:
        """The group that bears the name now, in whatever status; ``None`` if there is none."""


class Registry(GroupLookup, Protocol):
    """Feature groups by name and by uid. Reads are strongly consistent, but ``list``'s."""

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        """The group of that identity, living or deleted; ``None`` if there never was one."""

    def create(self, group: FeatureGroup) -> None:
        """Register a new group.

        Raises:
            ResourceInUse: the name is borne by another group.
        """

    def replace(self, group: FeatureGroup) -> FeatureGroup:
        """Store a changed group and return it with its new revision.

        Raises:
            ResourceInUse: the stored revision is not ``group.revision``: somebody else changed it.
            ResourceNotFound: the group is gone.
        """

    def remove(self, group: FeatureGroup) -> None:
        """Free the name; the group stays known by its uid. Removing twice is the same as once."""

    def list(self) -> Iterator[FeatureGroup]:
        """All groups that bear a name, by name; recent changes may not show yet."""
