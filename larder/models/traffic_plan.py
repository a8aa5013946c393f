"""How an update moves traffic: SageMaker's DeploymentConfig as steps of the green share.

Source: AWS, SageMaker API reference, "DeploymentConfig", "TrafficRoutingConfig",
"BlueGreenUpdatePolicy" and "RollingUpdatePolicy"; developer guide, "Deployment guardrails".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from larder.problems import Path, Problem, refuse, shown

LONGEST: Final = 28_800
"""Seconds that an update may take where MaximumExecutionTimeoutInSeconds names no other limit.

It is the greatest that SageMaker lets a request name.
"""
_AT_ONCE, _CANARY, _LINEAR = "ALL_AT_ONCE", "CANARY", "LINEAR"
_HALF, _TENTH, _TWENTIETH, _ANY = 0.5, 0.1, 0.05, 0.0
_SIZES: Final[Mapping[str, tuple[str, float]]] = {
    _CANARY: ("CanarySize", _ANY),
    _LINEAR: ("LinearStepSize", _TENTH),
}
"""The member with the size of a step, and the least that it may be."""
_POLICY: Final[Path] = ("DeploymentConfig", "BlueGreenUpdatePolicy")
_ROUTING: Final[Path] = (*_POLICY, "TrafficRoutingConfiguration")
_ROLLING: Final[Path] = ("DeploymentConfig", "RollingUpdatePolicy")
_Members = Mapping[str, Any]
Counts = Sequence[int | None]
"""Instances of each production variant; ``None`` for a serverless one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """The steps of an update, in the order in which they are taken.

    ``shares`` are green's after each step, the last is 1. Each bakes for ``wait`` seconds. After
    them blue is kept for ``termination_wait`` seconds. A roll-back takes ``back`` of the share at a
    time. The whole takes ``limit`` seconds at most. ``alarms`` are watched while blue is kept.
    """

    shares: tuple[float, ...] = (1.0,)
    wait: int = 0
    termination_wait: int = 0
    back: float = 1.0
    limit: int = LONGEST
    alarms: tuple[str, ...] = ()

    @property
    def is_at_once(self) -> bool:
        """Whether nothing is waited for, so that no step lies between others."""
        return self.wait == 0 and self.termination_wait == 0

    @property
    def waits(self) -> int:
        """Seconds that it waits for at least."""
        return self.wait * len(self.shares) + self.termination_wait


def plan_of(deployment: _Members, counts: Counts) -> TrafficPlan:
    """The plan of a DeploymentConfig, for variants of so many instances.

    A number of instances is a share of the smallest variant's.

    Raises:
        ValidationError: a size is absent, without effect or beyond SageMaker's limits. Or there are
            two policies, or the waits are longer than the whole may take.
    """
    rolling = deployment.get("RollingUpdatePolicy")
    policy = deployment.get("BlueGreenUpdatePolicy")
    if rolling is not None and policy is not None:
        text = "Member must be left out beside BlueGreenUpdatePolicy: an update follows one policy"
        refuse([Problem(_ROLLING, text, shown(rolling))])
    alarms = deployment.get("AutoRollbackConfiguration", {}).get("Alarms", ())
    names = tuple(dict.fromkeys(each["AlarmName"] for each in alarms))
    if rolling is not None:
        return _rolling_plan(rolling, counts, names)
    return _blue_green_plan(policy or {}, counts, names)


def _blue_green_plan(policy: _Members, counts: Counts, alarms: tuple[str, ...]) -> TrafficPlan:
    routing = policy.get("TrafficRoutingConfiguration", {})
    kind = routing.get("Type", _AT_ONCE)
    refuse(_size_problems(routing, kind, counts))
    shares: tuple[float, ...] = (1.0,)
    if kind == _CANARY:
        shares = (_share(routing["CanarySize"], counts), 1.0)
    elif kind == _LINEAR:
        shares = _steps(routing["LinearStepSize"], counts)
    plan = TrafficPlan(
        shares=shares,
        wait=routing.get("WaitIntervalInSeconds", 0),
        termination_wait=policy.get("TerminationWaitInSeconds", 0),
        limit=policy.get("MaximumExecutionTimeoutInSeconds", LONGEST),
        alarms=alarms,
    )
    refuse(_limit_problems(plan, _POLICY))
    return plan


def _rolling_plan(policy: _Members, counts: Counts, alarms: tuple[str, ...]) -> TrafficPlan:
    back = policy.get("RollbackMaximumBatchSize")
    found = list(_bounds(policy["MaximumBatchSize"], "MaximumBatchSize", counts, _TWENTIETH, _HALF))
    if back is not None:
        found += _bounds(back, "RollbackMaximumBatchSize", counts, _ANY, 1.0)
    refuse(Problem((*_ROLLING, *each.path), each.text, each.value) for each in found)
    plan = TrafficPlan(
        shares=_steps(policy["MaximumBatchSize"], counts),
        wait=policy["WaitIntervalInSeconds"],
        back=1.0 if back is None else _share(back, counts),
        limit=policy.get("MaximumExecutionTimeoutInSeconds", LONGEST),
        alarms=alarms,
    )
    refuse(_limit_problems(plan, _ROLLING))
    return plan


def _size_problems(routing: _Members, kind: str, counts: Counts) -> Iterator[Problem]:
    """What is wrong with the sizes of a blue/green policy's steps."""
    for owner, (member, least) in _SIZES.items():
        size = routing.get(member)
        if owner != kind:
            if size is not None:
                text = f"Member must be left out: of Type {kind} it has no effect, but of {owner}"
                yield Problem((*_ROUTING, member), text, shown(size))
        elif size is None:
            text = f"Member must not be null: Type {kind} needs it"
            yield Problem((*_ROUTING, member), text, "null")
        else:
            for each in _bounds(size, member, counts, least, _HALF):
                yield Problem((*_ROUTING, *each.path), each.text, each.value)


def _bounds(
    size: _Members, member: str, counts: Counts, least: float, most: float
) -> Iterator[Problem]:
    """Whether a CapacitySize is a share between two limits; paths begin at ``member``."""
    of_instances = size["Type"] == "INSTANCE_COUNT"
    if of_instances and (not counts or None in counts):
        text = (
            "Member must be CAPACITY_PERCENT: a serverless variant has no instances to be counted"
        )
        yield Problem((member, "Type"), text, shown(size["Type"]))
        return
    whole = _whole(size, counts)
    if not least * whole <= size["Value"] <= most * whole:
        of = f" of the variant's {whole} instances" if of_instances else ""
        limits = f"between {least:.0%} and {most:.0%}" if least else f"at most {most:.0%}"
        cure = "; CAPACITY_PERCENT needs no instances" if of_instances else ""
        text = f"Member must be {limits}{of}{cure}"
        yield Problem((member, "Value"), text, shown(size["Value"]))


def _limit_problems(plan: TrafficPlan, path: Path) -> Iterator[Problem]:
    if plan.waits >= plan.limit:
        text = (
            f"Member must be greater than the {plan.waits} seconds of all waits together "
            f"({len(plan.shares)} x {plan.wait} + {plan.termination_wait}): shorten them, take "
            f"larger steps, or allow more, up to {LONGEST}"
        )
        yield Problem((*path, "MaximumExecutionTimeoutInSeconds"), text, shown(plan.limit))


def _whole(size: _Members, counts: Counts) -> int:
    """What the value of a size is a part of."""
    if size["Type"] == "INSTANCE_COUNT":
        return min(each for each in counts if each is not None)
    return 100


def _share(size: _Members, counts: Counts) -> float:
    return min(1.0, int(size["Value"]) / _whole(size, counts))


def _steps(size: _Members, counts: Counts) -> tuple[float, ...]:
    """Steps of one size, the last of what is left."""
    value, whole = size["Value"], _whole(size, counts)
    count = -(-whole // value)
    return (*(step * value / whole for step in range(1, count)), 1.0)
