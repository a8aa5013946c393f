"""What can be done with endpoints: create, move to another configuration, weigh, delete.

An endpoint is a document that invocations read. It has all that it serves from, so that its models
and its configuration may be deleted. A change that brings models to an endpoint has the function of
invocations load them first: it is ``Creating`` or ``Updating`` until each has scored a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from larder.access.grants import Right
from larder.errors import LarderError, ResourceInUse, ValidationError
from larder.groups.reserved_tags import granted_by
from larder.models.deploy import end_forgotten
from larder.models.deployment import Deployment
from larder.models.fleets import capture_of, counts_of, fleet_of
from larder.models.manage_items import ManagedItems
from larder.models.move_endpoint import Traffic, moving, not_moving, switched
from larder.models.registry import WarmUp
from larder.models.registry_items import (
    Endpoint,
    EndpointConfig,
    Model,
    Pending,
    Sent,
    Tags,
    VariantDetail,
    salt_of,
)
from larder.models.served import EndpointStatus, Fleet, ServedEndpoint
from larder.models.traffic_plan import TrafficPlan, plan_of
from larder.models.weights import Capacity, Retained, retain, weighed

Made = tuple[Fleet, tuple[VariantDetail, ...]]
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
    traffic: Traffic
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
        fleet, details = fleet_of(self.models, config)
        plan_of(spec.deployment, counts_of(fleet, details))  # it is kept for updates
        made = self._new(spec, fleet, details)
        made = replace(made, served=replace(made.served, capture=capture_of(config)))
        endpoint = self.items.create(made)
        reason = self._start(endpoint.served)
        status = EndpointStatus.IN_SERVICE if reason is None else EndpointStatus.FAILED
        return self._settle(endpoint, lambda now: replace(self._with(now, status), failure=reason))

    def get(self, name: str) -> Endpoint:
        """The endpoint of that name; a change that was interrupted has ended by then.

        So has an update whose state machine stopped.

        Raises:
            ValidationError: it does not exist.
        """
        endpoint = end_forgotten(self.items.items, self.items.get(name), self.clock())
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
        """Move an endpoint to another configuration, as its DeploymentConfig says.

        Without one, or where that waits for nothing, all units move at once. Else the endpoint is
        ``Updating`` when this returns, and the state machine moves them. Where a model can't serve,
        the endpoint stays with the configuration that it has, and says why.

        Raises:
            ValidationError: there is no such endpoint, configuration, model or alarm, or an alarm
                is in ALARM. Or the DeploymentConfig can't be followed, or the endpoint is not
                InService.
        """
        config = self.configs.get(update.config, Right.READ)
        made = fleet_of(self.models, config)
        plan = self._plan(name, update, made)
        endpoint = self.items.change(name, self._begun)
        fleet, details = retain(update.retained, endpoint, *made)
        keeps = Retained.CAPTURE in update.retained
        pending = Pending(
            deployment=Deployment(uid=self.new_uid(), plan=plan, started=0, due=0),
            details=details,
            capture=endpoint.served.capture if keeps else capture_of(config),
            sent=_sent(endpoint, update),
        )
        reason = self._start(replace(endpoint.served, blue=fleet))
        if reason is None and not plan.is_at_once:
            return self._move(endpoint, fleet, pending)
        ends = self.clock()
        return self._settle(endpoint, lambda now: switched(now, fleet, pending, reason, ends))

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

    def _plan(self, name: str, update: EndpointUpdate, made: Made) -> TrafficPlan:
        """How an update goes; of alarms, those alone learn who may update the endpoint."""
        self.get(name)  # ends a change that was interrupted
        before = self.items.get(name, Right.ADMIN)
        self._refuse_busy(before)
        _, details = retain(update.retained, before, *made)
        plan = plan_of(_sent(before, update), counts_of(made[0], details))
        self.traffic.check(plan)
        return plan

    def _move(self, endpoint: Endpoint, fleet: Fleet, pending: Pending) -> Endpoint:
        """Have the machine move units; where it can't begin, none moves."""
        uid, begins = pending.deployment.uid, self.clock()
        try:
            under_way = self._settle(endpoint, lambda now: moving(now, fleet, pending, begins))
            self.traffic.machine.start(endpoint.name, uid)
        except LarderError as error:
            reason = f"The update did not begin: {error}"[:_LONGEST_REASON]
            return self._settle(endpoint, lambda now: not_moving(now, uid, reason, self.clock()))
        return under_way

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
        return endpoint.in_status(status, self.clock())

    def _begun(self, endpoint: Endpoint) -> Endpoint:
        self._refuse_busy(endpoint)
        return self._with(endpoint, EndpointStatus.UPDATING)

    def _is_interrupted(self, endpoint: Endpoint) -> bool:
        changing = endpoint.status in (EndpointStatus.CREATING, EndpointStatus.UPDATING)
        old = self.clock() - endpoint.changed > _INTERRUPTED_MICROS
        return changing and old and endpoint.pending is None

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


def _sent(endpoint: Endpoint, update: EndpointUpdate) -> Sent:
    """The DeploymentConfig of an update: its own, or the one that the endpoint keeps."""
    return endpoint.deployment if update.deployment is None else update.deployment
