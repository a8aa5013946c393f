"""An exposure as a line of the log, and back.

A line has less than 256 KB: Lambda cuts longer ones in pieces (AWS, "CloudWatch Logs quotas"). What
has no room is left out, and named. Vectors go first, then what is captured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from larder.models.capture import Captured, Side
from larder.models.exposure import ExposedInstance, ExposedVariant, Exposure
from larder.models.json_numbers import parsed, written
from larder.models.served_json import model_from_json, model_to_json

MARK = "larder.exposure"
"""The member by which a line is known; the log's subscription looks for this very text."""
MOST_BYTES = 250_000
_VERSION = 1
_Json = Mapping[str, Any]


class UnreadableLine(Exception):
    """A line that has the mark and is no exposure; the text quotes no value."""


def to_line(exposure: Exposure) -> str:
    """The line, without vectors or what is captured where these have no room."""
    without_inputs = _without_inputs(exposure)
    tries = (
        exposure,
        without_inputs,
        _without_capture(exposure),
        _without_capture(without_inputs),
    )
    line = b""
    for each in tries:
        line = orjson.dumps(_document(each))
        if len(line) <= MOST_BYTES:
            break
    return line.decode()


def from_line(line: str) -> Exposure | None:
    """The exposure of a line; ``None`` for a line of another kind.

    Raises:
        UnreadableLine: the line is an exposure's and can't be read.
    """
    if MARK not in line:
        return None
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UnreadableLine("the line is not valid JSON") from error
    if not isinstance(document, dict) or MARK not in document:
        return None  # a line of another kind that quotes the mark
    if document[MARK] != _VERSION:
        raise UnreadableLine(f"the line is of another version than {_VERSION}")
    try:
        return _exposure(document)
    except Exception as error:
        raise UnreadableLine(f"a member is missing or wrong ({type(error).__name__})") from error


def _without_inputs(exposure: Exposure) -> Exposure:
    instances = tuple(replace(each, inputs=None) for each in exposure.instances)
    return replace(exposure, instances=instances, cut=(*exposure.cut, "inputs"))


def _without_capture(exposure: Exposure) -> Exposure:
    if exposure.capture is None:
        return exposure
    return replace(exposure, capture=None, cut=(*exposure.cut, "capture"))


def _document(exposure: Exposure) -> _Json:
    return {
        MARK: _VERSION,
        "inference_id": exposure.inference_id,
        "endpoint": exposure.endpoint,
        "generation": exposure.generation,
        "unit_source": exposure.unit_source,
        "attributes": exposure.attributes,
        "answered_at": exposure.answered_at,
        "variants": [_variant_document(each) for each in exposure.variants],
        "instances": [_instance_document(each) for each in exposure.instances],
        "capture": exposure.capture,
        "cut": exposure.cut,
    }


def _variant_document(variant: ExposedVariant) -> _Json:
    document: dict[str, object] = {
        "name": variant.name,
        "config": variant.config,
        "weights": dict(variant.weights),
        "model_name": variant.model_name,
        "package_arn": variant.package_arn,
        "artefacts": variant.artefacts,
        "spec_sha256": variant.spec_sha256,
    }
    if variant.model is not None:
        document["model"] = orjson.Fragment(model_to_json(variant.model))
    return document


def _instance_document(instance: ExposedInstance) -> _Json:
    inputs, scores = instance.inputs, instance.scores
    return {
        "place": instance.place,
        "variant": instance.variant,
        "unit": instance.unit,
        "inputs": None if inputs is None else written(inputs),
        "vector_sha256": instance.vector_sha256,
        "scores": None if scores is None else written(scores),
        "status": instance.status,
        "statuses": instance.statuses,
        "event_times": instance.event_times,
    }


def _exposure(given: _Json) -> Exposure:
    variants = tuple(map(_variant, given["variants"]))
    instances = tuple(map(_instance, given["instances"]))
    if not all(0 <= each.variant < len(variants) for each in instances):
        raise ValueError("an instance has a variant that the line does not describe")
    return Exposure(
        inference_id=_text(given["inference_id"]),
        endpoint=_text(given["endpoint"]),
        generation=_whole(given["generation"]),
        unit_source=_text(given["unit_source"]),
        attributes=_text(given["attributes"]),
        answered_at=_whole(given["answered_at"]),
        variants=variants,
        instances=instances,
        capture=_captured(given["capture"]),
        cut=_tuple(given["cut"]),
    )


def _variant(given: _Json) -> ExposedVariant:
    model = given.get("model")
    return ExposedVariant(
        name=_text(given["name"]),
        config=_text(given["config"]),
        weights={_text(name): float(weight) for name, weight in given["weights"].items()},
        model_name=_text(given["model_name"]),
        package_arn=_text(given["package_arn"]),
        artefacts=_tuple(given["artefacts"]),
        spec_sha256=_text(given["spec_sha256"]),
        model=None if model is None else model_from_json(orjson.dumps(model)),
    )


def _instance(given: _Json) -> ExposedInstance:
    unit, inputs, scores = given["unit"], given["inputs"], given["scores"]
    return ExposedInstance(
        place=_whole(given["place"]),
        variant=_whole(given["variant"]),
        unit=None if unit is None else _text(unit),
        inputs=None if inputs is None else parsed(inputs),
        vector_sha256=_text(given["vector_sha256"]),
        scores=None if scores is None else parsed(scores),
        status=_text(given["status"]),
        statuses=_texts(given["statuses"]),
        event_times=_texts(given["event_times"]),
    )


def _captured(given: _Json | None) -> Captured | None:
    if given is None:
        return None
    return Captured(
        destination=_text(given["destination"]),
        kms_key=_text(given["kms_key"]),
        input=_side(given["input"]),
        output=_side(given["output"]),
    )


def _side(given: _Json | None) -> Side | None:
    if given is None:
        return None
    return Side(*(_text(given[member]) for member in ("content_type", "data", "encoding")))


def _texts(given: _Json) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in given.items()}


def _tuple(given: object) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise TypeError("a list was expected")
    return tuple(map(_text, given))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise TypeError("a whole number was expected")
    return value
