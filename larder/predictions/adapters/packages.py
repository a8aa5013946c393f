"""Versions of models from the registry table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.registry import ModelRegistry


@dataclass(frozen=True, slots=True)
class RegistryPackages:
    """Implements ``larder.predictions.ports.Packages``."""

    registry: ModelRegistry

    def group(self, name: str) -> PackageGroup | None:
        return self.registry.groups.get(name)

    def version(self, group: str, number: int) -> ModelPackage | None:
        return self.registry.packages.get(f"{group}/{number}")

    def versions(self, group: str) -> Iterator[ModelPackage]:
        return self.registry.packages.list(f"{group}/")
