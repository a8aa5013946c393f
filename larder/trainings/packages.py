"""Model packages by the API's own operations, of this process and not through its endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from larder.models.api.control_requests import checked
from larder.models.api.package_operations import package_operations
from larder.models.catalog import ModelCatalog
from larder.models.names import arn_of, name_of_arn
from larder.models.package_items import Approval, ModelPackage, PackageGroup
from larder.models.registry_items import Kind


@dataclass(frozen=True, slots=True)
class ApiPackages:
    """Implements ``larder.trainings.ports.Registry``."""

    catalog: ModelCatalog

    def group(self, name: str) -> PackageGroup | None:
        """As the port says."""
        return self.catalog.registry.groups.get(name)

    def version(self, name: str) -> ModelPackage | None:
        """As the port says."""
        return self.catalog.registry.packages.get(name)

    def newest_approved(self, group: str) -> str:
        """As the port says."""
        found = [
            each
            for each in self.catalog.registry.packages.list(f"{group}/")
            if each.approval is Approval.APPROVED and each.served is not None
        ]
        return max(found, key=lambda each: each.version).name if found else ""

    def create(self, request: Mapping[str, Any]) -> str:
        """As the port says."""
        answer = self._call("CreateModelPackage", request)
        return name_of_arn(self.catalog.home, answer["ModelPackageArn"])

    def update(self, name: str, request: Mapping[str, Any]) -> None:
        """As the port says."""
        arn = arn_of(self.catalog.home, Kind.PACKAGE, name)
        self._call("UpdateModelPackage", {"ModelPackageArn": arn, **request})

    def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """An operation, whose request is checked as the API checks it."""
        members = checked(operation, dict(request))
        return dict(package_operations(self.catalog)[operation](members) or {})
