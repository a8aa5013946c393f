"""The control plane of models of one platform, and the same for each caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from larder.access.rules import UNRESTRICTED, Access
from larder.groups.names import Home
from larder.models.manage_endpoint_configs import EndpointConfigs
from larder.models.manage_endpoints import Endpoints
from larder.models.manage_items import ManagedItems
from larder.models.manage_models import Models
from larder.models.registry import Importer, ModelRegistry, WarmUp
from larder.models.registry_items import Endpoint, EndpointConfig, Kind, Model


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCatalog:
    """Models, endpoint configurations and endpoints.

    ``clock`` gives microseconds since the epoch; ``new_uid`` a text that was never given before.
    """

    registry: ModelRegistry
    home: Home
    importer: Importer
    warm_up: WarmUp
    clock: Callable[[], int]
    new_uid: Callable[[], str]
    kms_key_arn: str
    access: Access = UNRESTRICTED

    def of_caller(self, access: Access) -> ModelCatalog:
        """The same for a caller."""
        return replace(self, access=access)

    @property
    def models(self) -> Models:
        """The models."""
        return Models(self._models, self.importer, self.clock, self.new_uid)

    @property
    def configs(self) -> EndpointConfigs:
        """The endpoint configurations."""
        return EndpointConfigs(
            self._configs, self._models, self.clock, self.new_uid, self.kms_key_arn
        )

    @property
    def endpoints(self) -> Endpoints:
        """The endpoints."""
        return Endpoints(
            self._endpoints, self._configs, self._models, self.warm_up, self.clock, self.new_uid
        )

    def items_of(
        self, kind: Kind
    ) -> ManagedItems[Model] | ManagedItems[EndpointConfig] | ManagedItems[Endpoint]:
        """The items of a kind."""
        match kind:
            case Kind.MODEL:
                return self._models
            case Kind.ENDPOINT_CONFIG:
                return self._configs
            case Kind.ENDPOINT:
                return self._endpoints

    @property
    def _models(self) -> ManagedItems[Model]:
        return ManagedItems(self.registry.models, self.home, self.access)

    @property
    def _configs(self) -> ManagedItems[EndpointConfig]:
        return ManagedItems(self.registry.configs, self.home, self.access)

    @property
    def _endpoints(self) -> ManagedItems[Endpoint]:
        return ManagedItems(self.registry.endpoints, self.home, self.access)
