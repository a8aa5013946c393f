"""Model packages under the grants of their groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.package_log import LogEntry
from larder.models.registry import Items
from larder.models.registry_items import Kind, Tags
from larder.telemetry.newer import Unread, warn_of


@dataclass(frozen=True, slots=True)
class GuardedPackages:
    """Packages with the tags of their groups, whose grants count; implements ``Items``."""

    packages: Items[ModelPackage]
    groups: Items[PackageGroup]

    @property
    def kind(self) -> Kind:
        """The kind of these items."""
        return self.packages.kind

    def get(self, name: str) -> ModelPackage | None:
        """As the port says."""
        found = self.packages.get(name)
        return self._guarded(found, {}) if found else None

    def create(self, item: ModelPackage, entries: tuple[LogEntry, ...] = ()) -> None:
        """As the port says."""
        self.packages.create(item, entries)

    def replace(self, item: ModelPackage, entries: tuple[LogEntry, ...] = ()) -> ModelPackage:
        """As the port says."""
        return self.packages.replace(item, entries)

    def remove(self, item: ModelPackage, entries: tuple[LogEntry, ...] = ()) -> None:
        """As the port says."""
        self.packages.remove(item, entries)

    def list(self, under: str = "", unread: Unread = warn_of) -> Iterator[ModelPackage]:
        """As the port says; each group is read once."""
        known: dict[str, Tags] = {}
        return (self._guarded(each, known) for each in self.packages.list(under, unread))

    def _guarded(self, package: ModelPackage, known: dict[str, Tags]) -> ModelPackage:
        if not package.group:
            return package
        if package.group not in known:
            group = self.groups.get(package.group)
            known[package.group] = group.tags if group else ()
        return replace(package, guard=known[package.group])
