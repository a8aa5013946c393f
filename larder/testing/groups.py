"""The registry in a process's own memory: for tests, and a model of what the others promise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from larder.errors import ResourceInUse, ResourceNotFound
from larder.groups.feature_group import FeatureGroup
from larder.groups.listing import EVERY_PLACE, Bounds, GroupOrder, Named, any_name
from larder.groups.metadata import FeatureMetadata
from larder.groups.taken_name import name_is_taken
from larder.telemetry.newer import Unread, warn_of


class MemoryRegistry:
    """Feature groups in two dictionaries; ``list`` shows every change at once."""

    def __init__(self) -> None:
        self._live: dict[str, FeatureGroup] = {}
        self._by_uid: dict[str, FeatureGroup] = {}

    def get(self, name: str) -> FeatureGroup | None:
        return self._live.get(name)

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        return self._by_uid.get(uid)

    def create(self, group: FeatureGroup) -> None:
        if group.name in self._live or group.uid in self._by_uid:
            raise name_is_taken(group.name)
        self._store(group)

    def replace(self, group: FeatureGroup) -> FeatureGroup:
        stored = self._live.get(group.name)
        if stored is None or stored.uid != group.uid:
            raise ResourceNotFound(f"FeatureGroup {group.name} is gone.")
        if stored.revision != group.revision:
            raise ResourceInUse(f"FeatureGroup {group.name} was changed by somebody else.")
        changed = replace(group, revision=group.revision + 1)
        self._store(changed)
        return changed

    def remove(self, group: FeatureGroup) -> None:
        stored = self._live.get(group.name)
        if stored is not None and stored.uid == group.uid:
            del self._live[group.name]
            self._by_uid[group.uid] = group

    def by_names(self, names: Collection[str]) -> dict[str, FeatureGroup]:
        return {name: self._live[name] for name in names if name in self._live}

    def by_uids(self, uids: Collection[str]) -> dict[str, FeatureGroup]:
        return {group.uid: group for group in self._live.values() if group.uid in uids}

    def list(self, unread: Unread = warn_of) -> Iterator[FeatureGroup]:  # noqa: ARG002
        return iter([self._live[name] for name in sorted(self._live)])

    def count(self) -> int:
        return len(self._live)

    def walk(
        self,
        by: GroupOrder,
        *,
        descending: bool = False,
        after: str | None = None,
        bounds: Bounds = EVERY_PLACE,
        named: Named = any_name,
        batch: int = 100,  # noqa: ARG002
    ) -> Iterator[tuple[str, FeatureGroup]]:
        entries = [(place, group) for group in self.list() for place in by.places(group)]
        for place, group in sorted(entries, key=lambda each: each[0], reverse=descending):
            beyond = after is None or (place < after if descending else place > after)
            if beyond and bounds[0] <= place <= bounds[1] and named(group.name):
                yield place, group

    def repair(self, *, remaining: Callable[[], float], once: bool = False) -> int:  # noqa: ARG002
        return 0

    def _store(self, group: FeatureGroup) -> None:
        self._live[group.name] = group
        self._by_uid[group.uid] = group


class MemoryFeatureMetadata:
    """Feature metadata in a dictionary."""

    def __init__(self) -> None:
        self._by_feature: dict[tuple[str, str], FeatureMetadata] = {}

    def get(self, uid: str, feature: str) -> FeatureMetadata | None:
        return self._by_feature.get((uid, feature))

    def replace(self, metadata: FeatureMetadata) -> None:
        stored = self.get(metadata.uid, metadata.feature)
        if (stored.revision if stored else 0) != metadata.revision - 1:
            raise ResourceInUse(f"The metadata of {metadata.feature} were changed meanwhile.")
        self._by_feature[metadata.uid, metadata.feature] = metadata

    def of_groups(self, uids: Collection[str]) -> dict[str, dict[str, FeatureMetadata]]:
        found: dict[str, dict[str, FeatureMetadata]] = {uid: {} for uid in uids}
        for (uid, feature), metadata in self._by_feature.items():
            if uid in found:
                found[uid][feature] = metadata
        return found

    def walk(
        self,
        bounds: Bounds,
        *,
        descending: bool,
        batch: int = 100,  # noqa: ARG002
    ) -> Iterator[tuple[str, FeatureMetadata]]:
        places = {each.place: each for each in self._by_feature.values()}
        for place in sorted(places, reverse=descending):
            if bounds[0] <= place <= bounds[1]:
                yield place, places[place]

    def list(self) -> Iterator[FeatureMetadata]:
        return iter(list(self._by_feature.values()))
