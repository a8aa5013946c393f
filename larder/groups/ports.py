"""The registry of feature groups: a port whose promises ``tests/contract`` asks of each adapter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

from larder.groups.feature_group import FeatureGroup
from larder.groups.listing import EVERY_PLACE, Bounds, GroupOrder, Named, any_name
from larder.telemetry.newer import Unread, warn_of


class Registry(Protocol):
    """Feature groups by name and by uid. Reads are strongly consistent, but ``list``'s."""

    def get(self, name: str) -> FeatureGroup | None:
        """The group that bears the name now, in whatever status; ``None`` if no group does."""

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

    def by_names(self, names: Collection[str]) -> Mapping[str, FeatureGroup]:
        """Those groups, of at most 100 names, that there are."""

    def by_uids(self, uids: Collection[str]) -> Mapping[str, FeatureGroup]:
        """Those groups, of at most 100 identities, that bear a name."""

    def list(self, unread: Unread = warn_of) -> Iterator[FeatureGroup]:
        """All groups that bear a name, by name; recent changes may not show yet.

        ``unread`` hears of those that a newer release wrote. ``walk``, ``by_names`` and
        ``by_uids`` warn of them. The other reads raise ``NewerFormat``.
        """

    def count(self) -> int:
        """How many groups bear a name."""

    def walk(
        self,
        by: GroupOrder,
        *,
        descending: bool = False,
        after: str | None = None,
        bounds: Bounds = EVERY_PLACE,
        named: Named = any_name,
        batch: int = 100,
    ) -> Iterator[tuple[str, FeatureGroup]]:
        """Groups in an order, with their places, beyond ``after`` and within ``bounds``.

        They are read as they are asked for: ``batch`` at first, 100 at a time from then on. Groups
        whose name is not ``named`` are not read.
        """

    def repair(self, *, remaining: Callable[[], float], once: bool = False) -> int:
        """Bring what ``walk`` reads up to the groups that there are; how many needed it.

        A registry of an earlier release has nothing that ``walk`` could read; until it is complete
        ``walk`` reads every group. With ``once``, a registry that was ever complete is left alone.
        Stops early where the time runs out, and goes on when called again.
        """
