"""Which variant each instance of a request falls to, and by what unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from larder.errors import ValidationError
from larder.models.assignment import Assignment, UnitSource, assign, target
from larder.models.instances import BadValue, Instance, identifier_of
from larder.models.plan import plan_of
from larder.models.scores import Show
from larder.models.served import ServedEndpoint, Variant

Chosen = tuple[Assignment, str | None]
"""A variant and the unit that it was chosen by, ``None`` without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a caller asks of an endpoint.

    ``unit`` is whom the experiment assigns, where the request's headers name it. Else an
    instance's field does: ``unit_field``, or the one that the specification names.
    """

    instances: Sequence[Instance]
    target_variant: str = ""
    unit: str | None = None
    unit_source: UnitSource = UnitSource.RANDOM
    unit_field: str = ""
    show: Show = Show.ISSUES


def choose(
    endpoint: ServedEndpoint, asked: Invocation, draw: Callable[[], float]
) -> tuple[list[Chosen], UnitSource]:
    """The choice for each instance, by the first that is present: a target, a unit, chance.

    Raises:
        ValidationError: there is no target variant of that name.
    """
    count = len(asked.instances)
    if asked.target_variant:
        return [(_forced(endpoint, asked, draw), None)] * count, UnitSource.FORCED
    if asked.unit is not None:
        found = assign(endpoint, asked.unit, draw)
        return [(found, asked.unit)] * count, asked.unit_source
    units = _units(endpoint, asked)
    if not any(unit is not None for unit in units):
        return [(assign(endpoint, None, draw), None)] * count, UnitSource.RANDOM
    return [(assign(endpoint, unit, draw), unit) for unit in units], UnitSource.INSTANCE


def known_fields(endpoint: ServedEndpoint, unit_field: str) -> frozenset[str]:
    """The fields of an instance that any of the endpoint's models knows.

    A caller sends the same instance whichever variant answers, and while an update runs.
    """
    specs = [each.model.features for each in _variants(endpoint)]
    known = frozenset[str]().union(*(plan_of(spec).fields for spec in specs if spec is not None))
    return known | {unit_field} if unit_field else known


def _forced(endpoint: ServedEndpoint, asked: Invocation, draw: Callable[[], float]) -> Assignment:
    name = asked.target_variant
    forced = target(endpoint, name, asked.unit, draw)
    if forced is None:
        names = ", ".join(each.name for each in endpoint.blue.variants)
        raise ValidationError(
            f"TargetVariant {name!r} is no production variant of endpoint {endpoint.name}; it has "
            f"{names}."
        )
    return forced


def _units(endpoint: ServedEndpoint, asked: Invocation) -> list[str | None]:
    specs = [each.model.features for each in endpoint.blue.variants]
    name = asked.unit_field or next((spec.unit for spec in specs if spec and spec.unit), "")
    if not name:
        return [None] * len(asked.instances)
    return [_unit(name, each) for each in asked.instances]


def _unit(name: str, instance: Instance) -> str | None:
    try:
        return identifier_of(name, (instance.fields or {}).get(name))
    except BadValue:
        return None  # a list is no unit; where it is an identifier too, the instance is refused


def _variants(endpoint: ServedEndpoint) -> list[Variant]:
    fleets = [endpoint.blue, *([endpoint.green] if endpoint.green else [])]
    return [each for fleet in fleets for each in (*fleet.variants, *fleet.shadows)]
