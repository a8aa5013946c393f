"""The registry in a process's own memory: for tests, and a model of what the others promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from larder.errors import ResourceInUse, ResourceNotFound
from larder.groups.feature_group import FeatureGroup
from larder.groups.metadata import FeatureMetadata
from larder.groups.taken_name import name_is_taken


class MemoryRegistry:
    """Feature groups in two dictionaries; ``list`` shows every change at once."""

    def __init__(self) -> None:
        self._live: dict[str, FeatureGroup] = {}
        self._by_uid: dict[str, FeatureGroup] = {}

    def get(self, name: str) -> FeatureGroup | None:
        """See the port."""
        return self._live.get(name)

    def get_by_uid(self, uid: str) -> FeatureGroup | None:
        """See the port."""
        return self._by_uid.get(uid)

    def create(self, group: FeatureGroup) -> None:
        """See the port."""
        if group.name in self._live or group.uid in self._by_uid:
            raise name_is_taken(group.name)
        self._store(group)

    def replace(self, group: FeatureGroup) -> FeatureGroup:
        """See the port."""
        stored = self._live.get(group.name)
        if stored is None or stored.uid != group.uid:
            raise ResourceNotFound(f"FeatureGroup {group.name} is gone.")
        if stored.revision != group.revision:
            raise ResourceInUse(f"FeatureGroup {group.name} was changed by somebody else.")
        changed = replace(group, revision=group.revision + 1)
        self._store(changed)
        return changed

    def remove(self, group: FeatureGroup) -> None:
        """See the port."""
        stored = self._live.get(group.name)
        if stored is not None and stored.uid == group.uid:
            del self._live[group.name]
            self._by_uid[group.uid] = group

    def list(self) -> Iterator[FeatureGroup]:
        """See the port."""
        return iter([self._live[name] for name in sorted(self._live)])

    def _store(self, group: FeatureGroup) -> None:
        self._live[group.name] = group
        self._by_uid[group.uid] = group


class MemoryFeatureMetadata:
    """Feature metadata in a dictionary."""

    def __init__(self) -> None:
        self._by_feature: dict[tuple[str, str], FeatureMetadata] = {}

    def get(self, uid: str, feature: str) -> FeatureMetadata | None:
        """See the port."""
        return self._by_feature.get((uid, feature))

    def replace(self, metadata: FeatureMetadata) -> None:
        """See the port."""
        stored = self.get(metadata.uid, metadata.feature)
        if (stored.revision if stored else 0) != metadata.revision - 1:
            raise ResourceInUse(f"The metadata of {metadata.feature} were changed meanwhile.")
        self._by_feature[metadata.uid, metadata.feature] = metadata

    def list(self) -> Iterator[FeatureMetadata]:
        """See the port."""
        return iter(list(self._by_feature.values()))
