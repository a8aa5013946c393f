"""Shadow variants: they are given what they would be asked, and never answer.

An instance's vector for each shadow goes to the exposure line; a consumer of the lines scores it.
So a shadow costs the answer no call of a model, and its records come with the same batch read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from larder.models.assignment import uniform
from larder.models.choose import Chosen
from larder.models.instances import Instance
from larder.models.lookup import Wanted
from larder.models.plan import plan_of
from larder.models.refusals import Refused
from larder.models.served import Cell, ServedEndpoint, Variant
from larder.models.vectors import Filler, Row, planned
from larder.telemetry.log import place_of

_BUG = "InternalFailure"


@dataclass(slots=True)
class Shadow:
    """One instance as a shadow would be given it: a vector, or the code of an error.

    ``problem`` says where an error was raised that no rule foresaw.
    """

    variant: Variant
    vector: Sequence[Cell] = ()
    error: str = ""
    problem: str = ""
    row: Row | None = None


def shadows_of(endpoint: ServedEndpoint, chosen: Chosen, draw: Callable[[], float]) -> list[Shadow]:
    """The shadows that an instance goes to, by its unit.

    A shadow's share is its weight by that of the production variants, at most all.
    """
    assignment, unit = chosen
    fleet = assignment.fleet
    if not fleet.shadows:
        return []
    total = sum(each.weight for each in fleet.variants)
    found: list[Shadow] = []
    for each in fleet.shadows:
        salt = f"{endpoint.name}/shadow"
        number = draw() if unit is None else uniform(salt, each.name, unit)
        if number * total < each.weight:
            found.append(Shadow(each))
    return found


def plan_shadows(
    shadows: Sequence[Shadow], instance: Instance, known: frozenset[str], wanted: Wanted
) -> None:
    """Add the records that shadows need to those to read."""
    for each in shadows:
        spec = each.variant.model.features
        if spec is not None:
            wanted.add_plan(plan_of(spec))
        try:
            each.row = planned(each.variant.model, instance, known, wanted)
        except Refused as refusal:
            each.error = refusal.error.code
        except Exception as error:  # a bug in a shadow's path costs the answer nothing
            each.error, each.problem = _BUG, place_of(error)


def fill_shadows(shadows: Sequence[Shadow], filler: Filler) -> None:
    """Give each shadow its vector by what was read."""
    for each in shadows:
        if each.row is None:
            continue
        try:
            each.vector = filler.filled(each.row).vector
        except Refused as refusal:
            each.error = refusal.error.code
        except Exception as error:
            each.error, each.problem = _BUG, place_of(error)
