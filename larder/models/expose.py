"""From an invocation's outcome to its exposure. Pure."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from larder.models.capture import Captured
from larder.models.exposure import OK, ExposedInstance, ExposedVariant, Exposure
from larder.models.scores import Outcome, Scored, Status
from larder.models.served import ServedEndpoint, ServedModel, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of an answered request beside its outcome.

    ``attributes`` are its CustomAttributes; ``answered_at`` is in microseconds since the epoch.
    """

    inference_id: str
    attributes: str
    answered_at: int
    capture: Captured | None


def exposure_of(endpoint: ServedEndpoint, outcome: Outcome, answer: Answer) -> Exposure:
    """The exposure of a request: its instances in order, then those of the shadows."""
    variants = _Variants()
    answered = [
        _instance(place, variants.place(each), each) for place, each in enumerate(outcome.scored)
    ]
    shadowed = [
        _instance(each.place, variants.place(each.scored, shadow=True), each.scored)
        for each in outcome.shadows
    ]
    return Exposure(
        inference_id=answer.inference_id,
        endpoint=endpoint.name,
        generation=endpoint.generation,
        unit_source=str(outcome.unit_source),
        attributes=answer.attributes,
        answered_at=answer.answered_at,
        variants=tuple(variants.found),
        instances=(*answered, *shadowed),
        capture=answer.capture,
    )


def vector_sha256(vector: Iterable[float]) -> str:
    """SHA-256 of a vector as its model gets it: float32, little-endian, each NaN the same."""
    values = array("f", vector)
    if sys.byteorder == "big":
        values.byteswap()
    return sha256(values).hexdigest()


@dataclass(slots=True)
class _Variants:
    """The distinct variants of one exposure, in the order in which they are met."""

    found: list[ExposedVariant] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict)

    def place(self, scored: Scored, *, shadow: bool = False) -> int:
        variant = scored.variant
        place = self._places.get(id(variant))
        if place is None:
            place = self._places[id(variant)] = len(self.found)
            self.found.append(_variant(variant, scored, shadow=shadow))
        return place


def _variant(variant: Variant, scored: Scored, *, shadow: bool) -> ExposedVariant:
    model, fleet = variant.model, scored.fleet
    return ExposedVariant(
        name=variant.name,
        config=fleet.config if fleet else "",
        weights={each.name: each.weight for each in fleet.variants} if fleet else {},
        model_name=model.name,
        package_arn=model.package_arn,
        artefacts=tuple(each.sha256 for each in model.artefacts),
        spec_sha256=model.features.sha256 if model.features else "",
        model=_bare(model) if shadow else None,
    )


def _bare(model: ServedModel) -> ServedModel:
    """What scoring a vector needs of a model, and no more: it goes into each line."""
    return replace(model, features=None, columns=(), environment={})


def _instance(place: int, variant: int, scored: Scored) -> ExposedInstance:
    vector = scored.vector or None
    return ExposedInstance(
        place=place,
        variant=variant,
        unit=scored.unit,
        inputs=vector,
        vector_sha256=vector_sha256(vector) if vector else "",
        scores=_scores(scored.score),
        status=scored.error.code if scored.error else OK,
        statuses=_statuses(scored),
        event_times={f"{group}/{key}": at for (group, key), at in scored.event_times.items()},
    )


def _scores(score: float | Sequence[float] | None) -> Sequence[float] | None:
    return [score] if isinstance(score, float) else score


def _statuses(scored: Scored) -> Mapping[str, str]:
    return {
        name: str(state.status)
        for name, state in scored.features.items()
        if state.status is not Status.OK
    }
