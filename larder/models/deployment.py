"""An update that moves traffic from blue to green: one state machine, without a clock of its own.

Its caller says what time it is and what is wrong with an alarm; ``advanced`` says what follows.
The share of green only grows until the update ends, or only falls once it rolls back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from larder.models.traffic_plan import TrafficPlan

SECOND: Final = 1_000_000
LEASE: Final = 300
"""Seconds after which a step that is due counts as forgotten: what took the steps has stopped."""
SETTLING: Final = 6
"""Seconds after which a smaller share is in effect everywhere: endpoints are cached for five."""
LOOK_EVERY: Final = 15
"""Seconds between two looks at the alarms.

Eight hours of them are 17,300 events of an execution, of Step Functions' 25,000.
"""


class Phase(StrEnum):
    """Where an update is: SageMaker's words where it has one."""

    BAKING = "Baking"
    KEEPING_BLUE = "KeepingBlue"
    ROLLING_BACK = "RollingBack"
    DONE = "Done"
    ROLLED_BACK = "RolledBack"


_OVER: Final = frozenset({Phase.DONE, Phase.ROLLED_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """How far an update is. Times are microseconds since the epoch.

    ``taken`` of the plan's steps were taken, which gave green ``share``. At ``due`` the next thing
    happens. ``reason`` says why it rolls back.
    """

    uid: str
    plan: TrafficPlan
    started: int
    due: int
    share: float = 0.0
    taken: int = 0
    phase: Phase = Phase.BAKING
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.phase in _OVER

    @property
    def is_watched(self) -> bool:
        """Whether an alarm would roll it back."""
        return bool(self.plan.alarms) and self.phase in (Phase.BAKING, Phase.KEEPING_BLUE)

    def is_forgotten(self, now: int) -> bool:
        """Whether what should have happened did not, for so long that it will not any more."""
        return not self.is_over and now > self.due + LEASE * SECOND

    def pause(self, now: int) -> int:
        """Whole seconds until it should be looked at, at least 1; 0 where it is over."""
        if self.is_over:
            return 0
        left = max(1, math.ceil((self.due - now) / SECOND))
        return min(left, LOOK_EVERY) if self.is_watched else left


def advanced(deployment: Deployment, now: int, trouble: str = "") -> Deployment:
    """The update after all that is due at ``now``.

    ``trouble`` is why it can't go on, such as an alarm; it is of no meaning once it rolls back. An
    update that was forgotten is rolled back at once, for no one has watched its alarms. Where all
    traffic had moved and baked it is done. So is one that rolls back, with blue.
    """
    if deployment.is_over:
        return deployment
    if deployment.is_forgotten(now):
        return _recovered(deployment)
    if deployment.phase is Phase.ROLLING_BACK:
        return deployment if now < deployment.due else _further_back(deployment, now)
    if trouble:
        return _turned(deployment, now, trouble)
    if now >= deployment.started + deployment.plan.limit * SECOND:
        text = f"The update took more than {deployment.plan.limit} seconds, which is its limit."
        return _turned(deployment, now, text)
    while now >= deployment.due and not deployment.is_over:
        deployment = _further(deployment, now)
    return deployment


def turned_back(deployment: Deployment, now: int, reason: str) -> Deployment:
    """The update on its way back, whatever is due."""
    if deployment.is_over or deployment.phase is Phase.ROLLING_BACK:
        return advanced(deployment, now)
    return _turned(deployment, now, reason)


def _further(deployment: Deployment, now: int) -> Deployment:
    """What happens next, at ``now``."""
    plan, taken = deployment.plan, deployment.taken
    if taken < len(plan.shares):
        due = now + plan.wait * SECOND
        return replace(deployment, share=plan.shares[taken], taken=taken + 1, due=due)
    if deployment.phase is Phase.BAKING and plan.termination_wait:
        due = now + plan.termination_wait * SECOND
        return replace(deployment, phase=Phase.KEEPING_BLUE, due=due)
    return replace(deployment, phase=Phase.DONE)


def _turned(deployment: Deployment, now: int, reason: str) -> Deployment:
    back = replace(deployment, phase=Phase.ROLLING_BACK, reason=reason)
    return _with_less(back, now)


def _further_back(deployment: Deployment, now: int) -> Deployment:
    if deployment.share <= 0:
        return replace(deployment, phase=Phase.ROLLED_BACK)
    return _with_less(deployment, now)


def _with_less(deployment: Deployment, now: int) -> Deployment:
    left = deployment.share - deployment.plan.back
    share = left if left > 1e-9 else 0.0  # a sum of steps may miss 0 by a rounding
    return replace(deployment, share=share, due=now + SETTLING * SECOND)


def _recovered(deployment: Deployment) -> Deployment:
    if deployment.phase is Phase.KEEPING_BLUE:
        return replace(deployment, phase=Phase.DONE)
    reason = deployment.reason or (
        "The update stopped: its execution of the state machine ended early. All traffic went back "
        "to the configuration before. Update the endpoint again."
    )
    return replace(deployment, share=0.0, phase=Phase.ROLLED_BACK, reason=reason)
