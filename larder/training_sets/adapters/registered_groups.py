"""Feature groups as their tables of history, read from the registry itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.offline.feature_table import FeatureTable


class Lookup(Protocol):
    """Groups by their names."""

    def get(self, name: str) -> FeatureGroup | None:
        """The group, ``None`` where there is no such group."""


@dataclass(frozen=True, slots=True)
class RegisteredGroups:
    """Implements ``larder.training_sets.ports.GroupTables``."""

    groups: Lookup

    def get(self, group: str) -> FeatureTable:
        found = self.groups.get(group)
        if found is None:
            raise ValidationError(f"there is no feature group {group[:100]!r}")
        if found.status != "Created":
            raise ValidationError(
                f"feature group {group} is {found.status}, not Created: its history can't be read"
            )
        return FeatureTable.of(found)
