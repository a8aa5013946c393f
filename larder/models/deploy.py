"""Takes the steps of updates that move traffic, and stores what invocations then see.

Any number of processes may look at one update, and at the same time. Each writes on the condition
that no other did. An endpoint that was deleted, or updated again, is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from larder.errors import LarderError, ResourceInUse
from larder.models.deployment import Deployment, Phase, advanced, turned_back
from larder.models.registry import Alarms, Items
from larder.models.registry_items import Endpoint, Pending
from larder.models.served import EndpointStatus

ENDPOINT, DEPLOYMENT, BROKEN = "EndpointName", "Deployment", "Broken"
"""What the machine gives its step: which update, by its uid, and why the machine gives up."""
_LONGEST_REASON = 1024
_TRIES = 10
_MOVING = frozenset({EndpointStatus.UPDATING, EndpointStatus.ROLLING_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployments:
    """The updates of a platform's endpoints. ``clock`` gives microseconds since the epoch."""

    endpoints: Items[Endpoint]
    alarms: Alarms
    clock: Callable[[], int]

    def step(self, name: str, uid: str, broken: str = "") -> int:
        """Do what is due of an update; seconds until the next step, 0 where it is over.

        ``broken`` is a reason to roll it back.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: call again; nothing is lost.
        """
        endpoint = self.endpoints.get(name)
        if endpoint is None or not _is_of(endpoint, uid):
            return 0
        trouble, now = broken or self._trouble(endpoint), self.clock()
        take = turned_back if broken else advanced
        stored = settled(self.endpoints, endpoint, now, lambda of: take(of, now, trouble))
        pending = stored.pending if stored is not None else None
        return pending.deployment.pause(now) if pending is not None else 0

    def _trouble(self, endpoint: Endpoint) -> str:
        """What an alarm says against the update; empty where all are well."""
        pending, now = endpoint.pending, self.clock()
        if pending is None or not pending.deployment.is_watched:
            return ""
        if pending.deployment.is_forgotten(now):
            return ""
        return alarm_trouble(pending.deployment.plan.alarms, self.alarms)


def alarm_trouble(names: tuple[str, ...], alarms: Alarms) -> str:
    """Why an update that watches these alarms can't go on; empty where it can.

    An alarm that does not exist can't say that all is well. One without data goes on, as in
    CloudWatch: a new variant has none at first.

    Raises:
        ServiceUnavailable, ThrottlingException, AccessForbidden: CloudWatch did not say.
    """
    states = alarms.states(names)
    for name in names:
        if name not in states:
            return f"The CloudWatch alarm {name!r} does not exist."
        if states[name] == "ALARM":
            return f"The CloudWatch alarm {name!r} is in state ALARM."
    return ""


def end_forgotten(items: Items[Endpoint], endpoint: Endpoint, now: int) -> Endpoint:
    """The endpoint after an update that was forgotten has ended; else as it is.

    Where the end can't be stored now, the next reader or the hourly sweep stores it.
    """
    pending = endpoint.pending
    if pending is None:
        return endpoint
    if endpoint.status in _MOVING and not pending.deployment.is_forgotten(now):
        return endpoint
    try:
        return settled(items, endpoint, now, lambda of: advanced(of, now)) or endpoint
    except LarderError:
        return endpoint


def end_all_forgotten(items: Items[Endpoint], now: int) -> list[str]:
    """End the updates that were forgotten; the names of the endpoints whose were.

    Raises:
        ServiceUnavailable, ThrottlingException: call again.
    """
    each_after = ((each, end_forgotten(items, each, now)) for each in items.list())
    return [before.name for before, after in each_after if after is not before]


def settled(
    items: Items[Endpoint],
    endpoint: Endpoint,
    now: int,
    change: Callable[[Deployment], Deployment],
) -> Endpoint | None:
    """The endpoint after ``change`` of its update is stored; ``None`` where that is no more.

    Raises:
        ResourceInUse: other changes came first, ten times in a row.
    """
    pending = endpoint.pending
    for _ in range(_TRIES):
        stored = items.get(endpoint.name)
        if stored is None or pending is None or not _is_of(stored, pending.deployment.uid):
            return None
        changed = moved(stored, now, change)
        if changed is stored:
            return stored
        try:
            return items.replace(changed)
        except ResourceInUse:
            continue
    raise ResourceInUse(f"The endpoint {endpoint.name} was changed by others all the time.")


def moved(endpoint: Endpoint, now: int, change: Callable[[Deployment], Deployment]) -> Endpoint:
    """The endpoint as its update is after ``change``; itself where that is the same.

    An older release may have ended the update without a word of it. Then blue goes on.
    """
    pending = endpoint.pending
    if pending is None:
        return endpoint
    if endpoint.status not in _MOVING:
        return _rolled_back(endpoint, now, endpoint.failure or "")
    deployment = change(pending.deployment)
    if deployment == pending.deployment:
        return endpoint
    match deployment.phase:
        case Phase.DONE:
            return _done(endpoint, pending, now)
        case Phase.ROLLED_BACK:
            return _rolled_back(endpoint, now, deployment.reason)
        case Phase.ROLLING_BACK:
            status = EndpointStatus.ROLLING_BACK
        case _:
            status = EndpointStatus.UPDATING
    moving = endpoint.in_status(status, now)
    served = replace(moving.served, green_share=deployment.share)
    return replace(moving, served=served, pending=replace(pending, deployment=deployment))


def _done(endpoint: Endpoint, pending: Pending, now: int) -> Endpoint:
    rest = _at_rest(endpoint, now)
    green = endpoint.served.green or endpoint.served.blue
    served = replace(rest.served, blue=green, capture=pending.capture)
    return replace(
        rest, served=served, details=pending.details, deployment=pending.sent, failure=None
    )


def _rolled_back(endpoint: Endpoint, now: int, reason: str) -> Endpoint:
    return replace(_at_rest(endpoint, now), failure=reason[:_LONGEST_REASON] or None)


def _at_rest(endpoint: Endpoint, now: int) -> Endpoint:
    rest = endpoint.in_status(EndpointStatus.IN_SERVICE, now)
    served = replace(rest.served, green=None, green_share=0.0)
    return replace(rest, served=served, pending=None)


def _is_of(endpoint: Endpoint, uid: str) -> bool:
    return endpoint.pending is not None and endpoint.pending.deployment.uid == uid
