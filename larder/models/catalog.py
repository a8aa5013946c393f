"""The control plane of models of one platform, and the same for each caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from larder.access.rules import UNRESTRICTED, Access
from larder.groups.names import Home
from larder.models.guarded_packages import GuardedPackages
from larder.models.manage_endpoint_configs import EndpointConfigs
from larder.models.manage_endpoints import Endpoints
from larder.models.manage_items import ManagedItems
from larder.models.manage_models import Models
from larder.models.manage_package_groups import PackageGroups
from larder.models.manage_packages import Packages
from larder.models.move_endpoint import Traffic
from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.package_log import Journal
from larder.models.registry import Importer, ModelRegistry, WarmUp
from larder.models.registry_items import Endpoint, EndpointConfig, Kind, Model

AnyItems: TypeAlias = (
    ManagedItems[Model]
    | ManagedItems[EndpointConfig]
    | ManagedItems[Endpoint]
    | ManagedItems[ModelPackage]
    | ManagedItems[PackageGroup]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCatalog:
    """Models, endpoint configurations, endpoints, and model packages in their groups.

    Data capture may write below the addresses ``capture_below``, each ending in a slash.
    ``two_persons`` asks for another approver of a package than its author.
    ``clock`` gives microseconds since the epoch; ``new_uid`` a text that was never given before.
    """

    registry: ModelRegistry
    home: Home
    importer: Importer
    warm_up: WarmUp
    traffic: Traffic
    clock: Callable[[], int]
    new_uid: Callable[[], str]
    kms_key_arn: str
    capture_below: tuple[str, ...] = ()
    two_persons: bool = False
    access: Access = UNRESTRICTED

    def of_caller(self, access: Access) -> ModelCatalog:
        """The same for a caller."""
        return replace(self, access=access)

    @property
    def models(self) -> Models:
        """The models."""
        return Models(self._models, self.packages, self.importer, self.clock, self.new_uid)

    @property
    def configs(self) -> EndpointConfigs:
        """The endpoint configurations."""
        return EndpointConfigs(
            self._configs,
            self._models,
            self.clock,
            self.new_uid,
            self.kms_key_arn,
            self.capture_below,
        )

    @property
    def endpoints(self) -> Endpoints:
        """The endpoints."""
        return Endpoints(
            items=self._endpoints,
            configs=self._configs,
            models=self._models,
            warm_up=self.warm_up,
            traffic=self.traffic,
            clock=self.clock,
            new_uid=self.new_uid,
        )

    @property
    def packages(self) -> Packages:
        """The model packages."""
        return Packages(
            items=self._packages,
            groups=self._groups,
            registry=self.registry,
            importer=self.importer,
            clock=self.clock,
            new_uid=self.new_uid,
            two_persons=self.two_persons,
        )

    @property
    def groups(self) -> PackageGroups:
        """The groups of model packages."""
        return PackageGroups(
            items=self._groups, registry=self.registry, clock=self.clock, new_uid=self.new_uid
        )

    def items_of(self, kind: Kind) -> AnyItems:
        """The items of a kind."""
        match kind:
            case Kind.MODEL:
                return self._models
            case Kind.ENDPOINT_CONFIG:
                return self._configs
            case Kind.ENDPOINT:
                return self._endpoints
            case Kind.PACKAGE:
                return self._packages
            case Kind.PACKAGE_GROUP:
                return self._groups
            case _:
                raise ValueError(f"{kind}: its items are no part of this catalog")

    @property
    def _models(self) -> ManagedItems[Model]:
        return ManagedItems(self.registry.models, self.home, self._journal, self.access)

    @property
    def _configs(self) -> ManagedItems[EndpointConfig]:
        return ManagedItems(self.registry.configs, self.home, self._journal, self.access)

    @property
    def _endpoints(self) -> ManagedItems[Endpoint]:
        return ManagedItems(self.registry.endpoints, self.home, self._journal, self.access)

    @property
    def _packages(self) -> ManagedItems[ModelPackage]:
        items = GuardedPackages(self.registry.packages, self.registry.groups)
        return ManagedItems(items, self.home, self._journal, self.access)

    @property
    def _groups(self) -> ManagedItems[PackageGroup]:
        return ManagedItems(self.registry.groups, self.home, self._journal, self.access)

    @property
    def _journal(self) -> Journal:
        account = f"arn:{self.home.partition}:iam::{self.home.account_id}:root"
        return Journal(self.clock, self.access.caller or account)
