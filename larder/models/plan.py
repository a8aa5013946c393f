"""A feature specification made ready for many instances: its inputs by their records."""

from __future__ import annotations

from dataclasses import dataclass

from larder.groups.feature_group import FeatureType
from larder.models.served import FeatureSpec, ModelInput, SourceKind

_MOST_PLANS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """An input, and the first of its columns."""

    input: ModelInput
    offset: int


@dataclass(frozen=True, slots=True)
class Source:
    """The inputs that one record gives: those of one group by one key.

    ``name`` is of group and key, ``names`` are those of the inputs, ``features`` what they read.
    ``plain`` says that every input is one number of any age. ``columns`` is where they go, if they
    go side by side.
    """

    name: str
    group: str
    key: str
    uid: str
    places: tuple[Place, ...]
    names: frozenset[str]
    features: tuple[str, ...]
    plain: bool
    columns: slice | None


@dataclass(frozen=True, slots=True)
class Plan:
    """All inputs of a specification: those of the request, and those of records.

    ``fields`` are what an instance may have: inputs, identifiers and the unit.
    """

    width: int
    request: tuple[Place, ...]
    sources: tuple[Source, ...]
    fields: frozenset[str]


def plan_of(spec: FeatureSpec) -> Plan:
    """The plan of a specification, made once for each digest."""
    plan = _plans.get(spec.sha256) if spec.sha256 else None
    if plan is None:
        plan = _made(spec)
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        _plans[spec.sha256] = plan
    return plan


_plans: dict[str, Plan] = {}


def _made(spec: FeatureSpec) -> Plan:
    offset = 0
    request: list[Place] = []
    sources: dict[tuple[str, str], list[Place]] = {}
    for each in spec.inputs:
        place = Place(each, offset)
        if each.source is SourceKind.FEATURE_GROUP:
            sources.setdefault((each.group, each.key), []).append(place)
        else:
            request.append(place)
        offset += each.size
    fields = {spec.unit, *(each.name for each in spec.inputs), *(each.key for each in spec.inputs)}
    fields.discard("")
    sides = tuple(map(_source, sources.values()))
    return Plan(offset, tuple(request), sides, frozenset(fields))


def _source(places: list[Place]) -> Source:
    first = places[0].input
    offsets = [each.offset for each in places]
    together = slice(offsets[0], offsets[0] + len(offsets))
    return Source(
        name=f"{first.group}.{first.key}",
        group=first.group,
        key=first.key,
        uid=first.group_uid,
        places=tuple(places),
        names=frozenset(each.input.name for each in places),
        features=tuple(each.input.feature for each in places),
        plain=all(map(_is_plain, places)),
        columns=together if offsets == list(range(together.start, together.stop)) else None,
    )


def _is_plain(place: Place) -> bool:
    given = place.input
    number = given.type != FeatureType.STRING
    return number and given.size == 1 and given.max_age_seconds is None
