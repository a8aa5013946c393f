"""What can be done with endpoints: create, move to another configuration, weigh, delete.

An endpoint is a document that invocations read. It has all that it serves from, so that its models
and its configuration may be deleted. A change that brings models to an endpoint has the function of
invocations load them first: it is ``Creating`` or ``Updating`` until each has scored a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from larder.access.grants import Right
from larder.errors import LarderError, ResourceInUse, ValidationError
from larder.groups.reserved_tags import granted_by
from larder.models.manage_items import ManagedItems
from larder.models.registry import WarmUp
from larder.models.registry_items import (
    Endpoint,
    EndpointConfig,
    Model,
    Sent,
    Tags,
    VariantDetail,
    VariantSpec,
    salt_of,
)
from larder.models.served import EndpointStatus, Fleet, ServedEndpoint, Variant
from larder.models.weights import Capacity, Retained, retain, weighed

_LONGEST_REASON = 1024
_INTERRUPTED_MICROS = 60_000_000
"""The function that makes a change is stopped after 25 s: older ones are never ended by it."""
_INTERRUPTED = "The change was interrupted before its models had loaded; nothing of it serves."


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """An endpoint that is asked for; ``deployment`` is its DeploymentConfig."""

    name: str
    config: str
    deployment: Sent = field(default_factory=dict)
    tags: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointUpdate:
    """A move to another configuration. ``deployment`` is ``None`` where none was sent."""

    config: str
    retained: Retained = Retained.NOTHING
    deployment: Sent | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of a platform, for a caller; as ``Models``."""

    items: ManagedItems[Endpoint]
    configs: ManagedItems[EndpointConfig]
    models: ManagedItems[Model]
    warm_up: WarmUp
    clock: Callable[[], int]
    new_uid: Callable[[], str]

    def create(self, spec: EndpointSpec) -> Endpoint:
        """Make an endpoint and start it; it is InService or Failed when this returns.

        Raises:
            ValidationError: the name is taken, or the configuration or a model is absent.
            AccessForbidden: the caller may not create endpoints, or not serve a model.
        """
        self.items.check_new(spec.name, spec.tags)
        config = self.configs.get(spec.config, Right.READ)
        fleet, details = self._fleet(config)
        made = self._new(spec, fleet, details)
        made = replace(made, served=replace(made.served, capture=_capture(config)))
        endpoint = self.items.create(made)
        reason = self._start(endpoint.served)
        status = EndpointStatus.IN_SERVICE if reason is None else EndpointStatus.FAILED
        return self._settle(endpoint, lambda now: replace(self._with(now, status), failure=reason))

    def get(self, name: str) -> Endpoint:
        """The endpoint of that name; a change that was interrupted has ended by then.

        Raises:
            ValidationError: it does not exist.
        """
        endpoint = self.items.get(name)
        if not self._is_interrupted(endpoint):
            return endpoint
        failed = endpoint.status is EndpointStatus.CREATING
        status = EndpointStatus.FAILED if failed else EndpointStatus.IN_SERVICE
        return self._settle(
            endpoint,
            lambda now: (
                replace(self._with(now, status), failure=_INTERRUPTED)
                if self._is_interrupted(now)
                else now
            ),
        )

    def update(self, name: str, update: EndpointUpdate) -> Endpoint:
        """Move an endpoint to another configuration, all units at once.

        Where a model of it can't serve, the endpoint stays with the configuration that it has, and
        says why.

        Raises:
            ValidationError: there is no such endpoint, configuration or model, or the endpoint is
                not InService.
        """
        config = self.configs.get(update.config, Right.READ)
        fleet, details = self._fleet(config)
        self.get(name)
        endpoint = self.items.change(name, self._begun)
        fleet, details = retain(update.retained, endpoint, fleet, details)
        keeps = Retained.CAPTURE in update.retained
        capture = endpoint.served.capture if keeps else _capture(config)
        reason = self._start(replace(endpoint.served, blue=fleet))

        def finish(now: Endpoint) -> Endpoint:
            done = replace(self._with(now, EndpointStatus.IN_SERVICE), failure=reason)
            if reason is not None:
                return done
            kept = now.deployment if update.deployment is None else update.deployment
            served = replace(done.served, blue=fleet, capture=capture)
            return replace(done, served=served, details=details, deployment=kept)

        return self._settle(endpoint, finish)

    def weigh(self, name: str, capacities: tuple[Capacity, ...]) -> Endpoint:
        """Give variants other weights; those that are not named keep theirs.

        Raises:
            ValidationError: there is no such endpoint or variant, or a variant is named twice.
                Or no weight above 0 would be left, or the endpoint is not InService.
        """

        def weigh(endpoint: Endpoint) -> Endpoint:
            self._refuse_busy(endpoint)
            fleet, details = weighed(endpoint, capacities)
            changed = self._with(endpoint, EndpointStatus.IN_SERVICE)
            return replace(changed, served=replace(changed.served, blue=fleet), details=details)

        self.get(name)
        return self.items.change(name, weigh)

    def _new(
        self, spec: EndpointSpec, fleet: Fleet, details: tuple[VariantDetail, ...]
    ) -> Endpoint:
        now = self.clock()
        served = ServedEndpoint(
            name=spec.name,
            uid=self.new_uid(),
            status=EndpointStatus.CREATING,
            generation=1,
            salt=salt_of(spec.name, spec.tags),
            blue=fleet,
            grants=granted_by(spec.tags),
        )
        return Endpoint(
            name=spec.name,
            uid=served.uid,
            created=now,
            changed=now,
            tags=spec.tags,
            served=served,
            details=details,
            deployment=spec.deployment,
        )

    def _fleet(self, config: EndpointConfig) -> tuple[Fleet, tuple[VariantDetail, ...]]:
        """The variants of a configuration with their models whole, and what is shown of them."""
        models = {
            spec.model: self.models.get(spec.model, Right.READ)
            for spec in (*config.variants, *config.shadows)
        }
        fleet = Fleet(
            config=config.name,
            variants=tuple(_variant(spec, models) for spec in config.variants),
            shadows=tuple(_variant(spec, models) for spec in config.shadows),
        )
        details = tuple(
            VariantDetail(
                name=spec.name,
                image=models[spec.model].image,
                resolved=models[spec.model].created,
                count=spec.count,
                serverless=spec.serverless,
            )
            for spec in (*config.variants, *config.shadows)
        )
        return fleet, details

    def _start(self, served: ServedEndpoint) -> str | None:
        try:
            reason = self.warm_up(served)
        except LarderError as error:  # whatever it is, the endpoint must not stay Creating
            reason = str(error)
        return None if reason is None else reason[:_LONGEST_REASON]

    def _settle(self, endpoint: Endpoint, change: Callable[[Endpoint], Endpoint]) -> Endpoint:
        """Store how a change ended; an endpoint that was deleted meanwhile stays deleted."""

        def of_same(now: Endpoint) -> Endpoint:
            return change(now) if now.uid == endpoint.uid else now

        try:
            return replace_until_stored(self.items, endpoint, of_same)
        except ResourceInUse:
            return endpoint

    def _with(self, endpoint: Endpoint, status: EndpointStatus) -> Endpoint:
        served = replace(endpoint.served, status=status, generation=endpoint.served.generation + 1)
        return replace(endpoint, served=served, changed=self.clock())

    def _begun(self, endpoint: Endpoint) -> Endpoint:
        self._refuse_busy(endpoint)
        return self._with(endpoint, EndpointStatus.UPDATING)

    def _is_interrupted(self, endpoint: Endpoint) -> bool:
        changing = endpoint.status in (EndpointStatus.CREATING, EndpointStatus.UPDATING)
        return changing and self.clock() - endpoint.changed > _INTERRUPTED_MICROS

    def _refuse_busy(self, endpoint: Endpoint) -> None:
        if endpoint.status is EndpointStatus.FAILED:
            raise ValidationError(
                f'Cannot update endpoint "{self.items.arn(endpoint.name)}", which has Failed: '
                f"{endpoint.failure} Delete it, and create it again."
            )
        if endpoint.status is not EndpointStatus.IN_SERVICE:
            raise ValidationError(
                f'Cannot update in-progress endpoint "{self.items.arn(endpoint.name)}".'
            )


def replace_until_stored(
    items: ManagedItems[Endpoint], endpoint: Endpoint, change: Callable[[Endpoint], Endpoint]
) -> Endpoint:
    """Store a change by the platform itself, whatever came between; the endpoint as it is then.

    Raises:
        ResourceInUse: other changes came first, ten times in a row.
    """
    for _ in range(10):
        now = items.items.get(endpoint.name)
        if now is None:
            return endpoint
        changed = change(now)
        if changed is now:
            return now
        try:
            return items.items.replace(changed)
        except ResourceInUse:
            continue
    raise ResourceInUse(f"The endpoint {endpoint.name} was changed by others all the time.")


def _capture(config: EndpointConfig) -> Mapping[str, object]:
    """The configuration's DataCaptureConfig, or empty."""
    return cast("Mapping[str, object]", config.sent.get("DataCaptureConfig") or {})


def _variant(spec: VariantSpec, models: Mapping[str, Model]) -> Variant:
    return Variant(name=spec.name, weight=spec.weight, model=models[spec.model].served)
