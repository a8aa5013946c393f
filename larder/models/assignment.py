"""Which variant a unit falls to: weighted rendezvous hashing, without a table.

For each variant with a weight, u is a uniform number made from salt, variant and unit. The variant
of least -ln(u)/weight wins; ties go by name. So a unit moves from x to y only if the weight of y
grew against that of x. Source: Thaler and Ravishankar 1998; Schindelhauer and Schomaker 2005.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from larder.models.served import Fleet, ServedEndpoint, Variant

_BITS = 53
_WHOLE = 1 << _BITS


class UnitSource(StrEnum):
    """What named the unit of an assignment, the first that is present."""

    FORCED = "TargetVariant"
    ATTRIBUTES = "CustomAttributes"
    SESSION = "SessionId"
    INSTANCE = "instance"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variant and the fleet that it is of."""

    fleet: Fleet
    variant: Variant


def uniform(salt: str, name: str, unit: str) -> float:
    """A number between 0 and 1, the same for the same three texts in every process."""
    text = f"{salt}\0{name}\0{unit}".encode("utf-8", "surrogatepass")
    digest = blake2b(text, digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> (64 - _BITS)) + 0.5) / _WHOLE


def winner(weights: Iterable[tuple[str, float]], salt: str, unit: str) -> str:
    """The name that a unit falls to, among names with weights of which one is above 0.

    Raises:
        ValueError: no weight is above 0.
    """
    best, name_of_best = math.inf, None
    for name, weight in weights:
        if weight <= 0:
            continue
        cost = -math.log(uniform(salt, name, unit)) / weight
        if name_of_best is None or (cost, name) < (best, name_of_best):
            best, name_of_best = cost, name
    if name_of_best is None:
        raise ValueError("no weight is above 0")
    return name_of_best


def drawn(weights: Sequence[tuple[str, float]], random: Callable[[], float]) -> str:
    """A name at random by weight; ``random`` gives numbers from 0 to below 1.

    Raises:
        ValueError: no weight is above 0.
    """
    heavy = [(name, weight) for name, weight in weights if weight > 0]
    if not heavy:
        raise ValueError("no weight is above 0")
    left = random() * sum(weight for _, weight in heavy)
    for name, weight in heavy:
        left -= weight
        if left < 0:
            return name
    return heavy[-1][0]


def assign(endpoint: ServedEndpoint, unit: str | None, random: Callable[[], float]) -> Assignment:
    """The variant of a unit; without one, a variant at random by weight.

    Blue or green comes first, by a salt of its own. So while the green share grows, a unit goes
    from blue to green once. Inside of both the experiment's assignment holds.
    """
    fleet = _fleet(endpoint, unit, random)
    weights = [(variant.name, variant.weight) for variant in fleet.variants]
    name = drawn(weights, random) if unit is None else winner(weights, endpoint.salt, unit)
    return Assignment(fleet, next(each for each in fleet.variants if each.name == name))


def target(
    endpoint: ServedEndpoint,
    name: str,
    unit: str | None = None,
    random: Callable[[], float] = lambda: 0.0,
) -> Assignment | None:
    """The production variant of that name; ``None`` for an unknown name.

    While an update moves traffic, it is of the fleet that the unit falls to, if that has the name:
    so a canary sees its share of such requests too. Without ``unit`` and ``random`` it is blue's
    until all have moved. A shadow's name is no variant's, for a shadow never answers.
    """
    first = _fleet(endpoint, unit, random)
    for fleet in (first, endpoint.blue, *([endpoint.green] if endpoint.green else [])):
        for variant in fleet.variants:
            if variant.name == name:
                return Assignment(fleet, variant)
    return None


def _fleet(endpoint: ServedEndpoint, unit: str | None, random: Callable[[], float]) -> Fleet:
    if endpoint.green is None or endpoint.green_share <= 0:
        return endpoint.blue
    shares = [("blue", 1 - endpoint.green_share), ("green", endpoint.green_share)]
    side = (
        drawn(shares, random) if unit is None else winner(shares, f"{endpoint.name}/deploy", unit)
    )
    return endpoint.green if side == "green" else endpoint.blue
