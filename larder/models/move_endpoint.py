"""How an endpoint's document changes where an update begins: at once, by steps, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from larder.errors import ValidationError
from larder.models.deploy import alarm_trouble
from larder.models.registry import Alarms, DeploymentMachine
from larder.models.registry_items import Endpoint, Pending
from larder.models.served import EndpointStatus, Fleet
from larder.models.traffic_plan import TrafficPlan


@dataclass(frozen=True, slots=True)
class Traffic:
    """What updates that move traffic need: alarms, and the machine that takes their steps."""

    alarms: Alarms
    machine: DeploymentMachine

    def check(self, plan: TrafficPlan) -> None:
        """Refuse an update that would be rolled back at once.

        Raises:
            ValidationError: an alarm does not exist, or is in ALARM.
        """
        if plan.alarms and (trouble := alarm_trouble(plan.alarms, self.alarms)):
            raise ValidationError(
                f"{trouble} AutoRollbackConfiguration would roll the update back at once: create "
                "the alarm, wait until it is OK, or leave it out of the update."
            )


def switched(
    endpoint: Endpoint, fleet: Fleet, pending: Pending, reason: str | None, now: int
) -> Endpoint:
    """The endpoint after all units moved at once; after none did where there is a ``reason``."""
    done = replace(endpoint.in_status(EndpointStatus.IN_SERVICE, now), failure=reason)
    if reason is not None:
        return done
    served = replace(done.served, blue=fleet, capture=pending.capture)
    return replace(done, served=served, details=pending.details, deployment=pending.sent)


def moving(endpoint: Endpoint, fleet: Fleet, pending: Pending, now: int) -> Endpoint:
    """The endpoint with a green fleet that has no share yet."""
    begun = endpoint.in_status(EndpointStatus.UPDATING, now)
    served = replace(begun.served, green=fleet, green_share=0.0)
    deployment = replace(pending.deployment, started=now, due=now)
    pending = replace(pending, deployment=deployment)
    return replace(begun, served=served, pending=pending, failure=None)


def not_moving(endpoint: Endpoint, uid: str, reason: str, now: int) -> Endpoint:
    """The endpoint after its machine did not begin with the update of that uid."""
    if endpoint.pending is not None and endpoint.pending.deployment.uid != uid:
        return endpoint
    rest = endpoint.in_status(EndpointStatus.IN_SERVICE, now)
    served = replace(rest.served, green=None, green_share=0.0)
    return replace(rest, served=served, pending=None, failure=reason)
