"""Shadow variants: which instances they get too, and the vectors that they will be scored from.

A shadow never answers. Its features come with the same batch read as those of the variants that do.
Its scores are computed later, from the request's exposure line. Nothing that goes wrong here
reaches the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from larder.models.assignment import Assignment, winner
from larder.models.instances import Instance
from larder.models.lookup import Features, Wanted
from larder.models.scores import InstanceError, Scored, Shadowed
from larder.models.served import ServedEndpoint, Variant
from larder.models.vectors import Refused, Row, filled, planned

Chosen = Sequence[tuple[Assignment, str | None]]
_UNEXPECTED = InstanceError("InternalFailure", "the shadow's vector could not be made", 500)


@dataclass(slots=True)
class Shadowing:
    """The shadows of one request."""

    shadowed: list[Shadowed] = field(default_factory=list)
    _rows: list[Row | None] = field(default_factory=list)

    def plan(self, instances: Sequence[Instance], known: frozenset[str], wanted: Wanted) -> None:
        """Count the records that the shadows need among those to read."""
        specs = {id(each.scored.variant): each.scored.variant.model for each in self.shadowed}
        for model in specs.values():
            if model.features is not None:
                wanted.add_spec(model.features)
        for each in self.shadowed:
            row, more = None, Wanted()
            try:
                row = planned(each.scored.variant.model, instances[each.place], known, more)
            except Refused as refusal:
                each.scored.error = refusal.error
            except Exception:
                each.scored.error = _UNEXPECTED
            else:
                for group, identifiers in more.identifiers.items():
                    wanted.identifiers.setdefault(group, {}).update(identifiers)
            self._rows.append(row)

    def fill(self, features: Features, now_nanos: int) -> None:
        """Give each its vector, or the reason why it has none."""
        for each, row in zip(self.shadowed, self._rows, strict=True):
            if row is None:
                continue
            try:
                found = filled(row, features, now_nanos, all_states=False)
            except Refused as refusal:
                each.scored.error, each.scored.features = refusal.error, refusal.states
            except Exception:
                each.scored.error = _UNEXPECTED
            else:
                each.scored.take(found)


def sampled(endpoint: ServedEndpoint, chosen: Chosen, draw: Callable[[], float]) -> Shadowing:
    """The shadows of the fleets that answer, each for its share of the units.

    A shadow's share is its weight relative to that of the variant that answers, at most 1. So a
    unit is shadowed always or never. Instances without a unit are shadowed together, at random.
    """
    shadowing, random = Shadowing(), _OncePerShadow(draw)
    for place, (assignment, unit) in enumerate(chosen):
        for shadow in assignment.fleet.shadows:
            share = _share(shadow, assignment.variant)
            if share >= 1:
                takes = True
            elif unit is None:
                takes = random(shadow) < share
            else:
                sides = (("taken", share), ("left", 1 - share))
                takes = winner(sides, f"{endpoint.salt}/shadow/{shadow.name}", unit) == "taken"
            if takes:
                scored = Scored(shadow, unit=unit, fleet=assignment.fleet)
                shadowing.shadowed.append(Shadowed(place, scored))
    return shadowing


def _share(shadow: Variant, answering: Variant) -> float:
    if shadow.weight <= 0:
        return 0.0
    return 1.0 if answering.weight <= shadow.weight else shadow.weight / answering.weight


@dataclass(slots=True)
class _OncePerShadow:
    """One random number for each shadow of a request."""

    draw: Callable[[], float]
    _drawn: dict[int, float] = field(default_factory=dict)

    def __call__(self, shadow: Variant) -> float:
        if id(shadow) not in self._drawn:
            self._drawn[id(shadow)] = self.draw()
        return self._drawn[id(shadow)]
