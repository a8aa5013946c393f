"""The exposure line: what an answered request was given and what it got, as one JSON log line.

A score is recomputed exactly from its line: the vector, and the artefacts that scored it. Values
that JSON lacks are spelled: a missing one is ``null``, an infinite one ``Infinity`` or
``-Infinity``. A text that the model takes is itself. A line of more than 256 KB, which CloudWatch
would cut, leaves parts out and says so.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import orjson

from larder.models.assignment import UnitSource
from larder.models.capture import Captured, Exchange, captured
from larder.models.scores import Outcome, Scored
from larder.models.served import Cell, ServedEndpoint, ServedModel, Variant
from larder.models.served_json import model_to_json

KIND = "exposure"
_MOST_BYTES = 250_000
"""Of a line, less than CloudWatch's 262,144: the function's own fields come to it."""
_INSTANCE_BYTES, _NUMBER_BYTES, _MANY = 500, 25, 5_000
"""What an instance and a number take at most in nearly every line; numbers of a shadow."""
_SHORT, _FAR_TOO_LONG = _MOST_BYTES // 2, 20 * _MOST_BYTES


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered request. ``seconds`` is when it was answered, since the epoch.

    ``exchange`` has its bytes, for data capture.
    """

    endpoint: ServedEndpoint
    outcome: Outcome
    inference_id: str
    attributes: str
    seconds: float
    exchange: Exchange | None = None


def line_of(answered: Answered) -> dict[str, object]:
    """The fields of the line; what is captured has what room the rest leaves."""
    line, capture = _scored_line(answered), _captured(answered)
    if capture is None:
        return line
    whole = {**line, "capture": capture}
    return whole if len(orjson.dumps(whole)) <= _MOST_BYTES else {**line, "capture_cut": True}


def _captured(answered: Answered) -> Captured | None:
    config, exchange = answered.endpoint.capture, answered.exchange
    if not config or exchange is None:
        return None
    return captured(config, answered.inference_id, exchange)


def _scored_line(answered: Answered) -> dict[str, object]:
    endpoint, outcome = answered.endpoint, answered.outcome
    line: dict[str, object] = {
        "kind": KIND,
        "inference_id": answered.inference_id,
        "endpoint": endpoint.name,
        "config": outcome.config,
        "deployment_generation": endpoint.generation,
        "time": round(answered.seconds, 3),
        "unit_source": str(outcome.unit_source),
        "forced": outcome.unit_source is UnitSource.FORCED,
        "custom_attributes": answered.attributes or None,
        "variants": {each.name: _variant(endpoint, each) for each in outcome.variants},
        "shadows": _shadow_models(outcome) or None,
    }
    estimate = _estimate(outcome)
    for cut, mark in ((False, ""), (True, "vectors_cut")):
        if estimate > _FAR_TOO_LONG:
            break
        line["instances"] = [_instance(each, vector=not cut) for each in outcome.scored]
        if mark:
            line[mark] = True
        if estimate < _SHORT or len(orjson.dumps(line)) <= _MOST_BYTES:
            return line
    return {**line, "vectors_cut": True, "instances_cut": len(outcome.scored), "instances": []}


def _estimate(outcome: Outcome) -> int:
    """About how many bytes the line has, so that few lines need to be measured.

    One with texts is measured always: they may have any length.
    """
    scored = outcome.scored
    numbers = sum(len(each.vector) + _MANY * len(each.shadows) for each in scored)
    specs = [each.model.features for each in outcome.variants]
    texts = any(each.is_text for spec in specs if spec for each in spec.inputs)
    return _INSTANCE_BYTES * len(scored) + _NUMBER_BYTES * numbers + _SHORT * texts


def vector_digest(vector: Sequence[Cell]) -> str:
    """SHA-256 of a vector as little-endian float32, which is what a model is given.

    A text counts as NaN there. All texts follow as one JSON list.
    """
    try:
        return sha256(array("f", vector).tobytes()).hexdigest()  # type: ignore[type-var]
    except TypeError:  # few models take texts, and all others pay for a look at each value
        texts = [each for each in vector if isinstance(each, str)]
    numbers = [math.nan if isinstance(each, str) else each for each in vector]
    return sha256(array("f", numbers).tobytes() + orjson.dumps(texts)).hexdigest()


def _model(model: ServedModel) -> Mapping[str, object]:
    named = {"model": model.name}
    if model.package_arn:
        named["model_package_arn"] = model.package_arn
    artefacts = [each.sha256 for each in model.artefacts]
    spec = model.features.sha256 if model.features is not None else None
    return {**named, "artefact_sha256": artefacts, "spec_sha256": spec}


def _variant(endpoint: ServedEndpoint, variant: Variant) -> Mapping[str, object]:
    """A variant's model, its configuration, and the weights that it was chosen by."""
    fleets = (endpoint.blue, *([endpoint.green] if endpoint.green else ()))
    fleet = next((each for each in fleets if variant in each.variants), endpoint.blue)
    weights = {each.name: each.weight for each in fleet.variants}
    return {**_model(variant.model), "config": fleet.config, "weights": weights}


def _shadow(model: ServedModel) -> Mapping[str, object]:
    """A shadow's model, with the document by which it is scored later."""
    bare = replace(model, features=None, columns=(), environment={})
    return {**_model(model), "document": orjson.Fragment(model_to_json(bare))}


def _instance(scored: Scored, *, vector: bool = True) -> dict[str, object]:
    told: dict[str, object] = {"variant": scored.variant.name}
    if scored.unit is not None:
        told["unit"] = scored.unit
    if scored.error is not None:
        told["error"] = scored.error.code
    else:
        told["score"] = _spelled(scored.score)
        told |= _given(scored.vector, vector=vector)
    if scored.shadows:
        told["shadows"] = {
            each.name: _failed(error, problem) if error else _given(given, vector=vector)
            for each, given, error, problem in scored.shadows
        }
    if scored.features:
        told["statuses"] = {name: str(state.status) for name, state in scored.features.items()}
    if scored.event_times:
        told["event_times"] = scored.event_times
    return told


def _failed(error: str, problem: str) -> dict[str, object]:
    """Why a shadow has no vector; ``problem`` is for who looks into the log."""
    return {"error": error, "problem": problem} if problem else {"error": error}


def _given(values: Sequence[Cell], *, vector: bool) -> dict[str, object]:
    """What a model is given: the digest, and the values unless they are too many."""
    told: dict[str, object] = {"vector_sha256": vector_digest(values)}
    if vector:
        plain = _is_plain(values)
        told["inputs"] = values if plain else [_spelled(each) for each in values]
    return told


def _is_plain(values: Sequence[Cell]) -> bool:
    """Whether JSON can carry all of them as they are."""
    try:
        return all(map(math.isfinite, values))  # type: ignore[arg-type]
    except TypeError:
        return False


def _shadow_models(outcome: Outcome) -> Mapping[str, object]:
    return {each.name: _shadow(each.model) for one in outcome.scored for each, *_ in one.shadows}


def _spelled(value: Cell | Sequence[Cell] | None) -> object:
    """A number as JSON can carry it; a list of them element by element."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return [_spelled(each) for each in value]
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
