"""Exposure lines read back: the other half of ``larder.models.exposure``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from larder.errors import NewerFormat
from larder.formats import MEMBER, Format
from larder.models.capture import Captured, Side
from larder.models.exposed import OK, ExposedInstance, ExposedVariant, Exposure
from larder.models.exposure import KIND
from larder.models.json_numbers import is_text, number, parsed
from larder.models.served_json import model_from_json

FORMAT = Format("exposure-line")
INSTANCES_CUT = "InstancesCut"
"""Status of the one row of a variant whose instances had no room in their line."""
_CUTS = {"capture_cut": "capture", "vectors_cut": "inputs", "instances_cut": "instances"}
_Json = Mapping[str, Any]


class UnreadableLine(Exception):
    """A line that is an exposure's by its kind, or is no JSON; the text quotes no value."""


def from_line(line: str) -> Exposure | None:
    """The exposure of a line; ``None`` for a line of another kind.

    Raises:
        UnreadableLine: the line is an exposure's and can't be read.
        NewerFormat: a newer release wrote it, in a form that this one can't read.
    """
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if f'"{KIND}"' not in line:
            return None
        raise UnreadableLine("the line is not valid JSON") from error
    if not isinstance(document, dict) or document.get("kind") != KIND:
        return None
    FORMAT.check("An exposure line", document.get(MEMBER))
    try:
        return _exposure(document)
    except NewerFormat:
        raise
    except Exception as error:
        raise UnreadableLine(f"a member is missing or wrong ({type(error).__name__})") from error


def _exposure(given: _Json) -> Exposure:
    variants = {name: _variant(name, each) for name, each in given["variants"].items()}
    config = _text(given["config"])
    shadows = {
        name: _variant(name, {"config": config, "weights": {}, **each})
        for name, each in (given.get("shadows") or {}).items()
    }
    places = {name: place for place, name in enumerate(variants)}
    behind = {name: len(variants) + place for place, name in enumerate(shadows)}
    return Exposure(
        inference_id=_text(given["inference_id"]),
        endpoint=_text(given["endpoint"]),
        generation=_whole(given["deployment_generation"]),
        unit_source=_text(given["unit_source"]),
        attributes=_text(given.get("custom_attributes") or ""),
        answered_at=_whole(round(given["time"] * 1000)) * 1000,
        variants=(*variants.values(), *shadows.values()),
        instances=(
            *_instances(given, places),
            *_shadowed(given["instances"], behind),
        ),
        capture=_captured(given.get("capture")),
        cut=tuple(name for member, name in _CUTS.items() if given.get(member)),
    )


def _variant(name: str, given: _Json) -> ExposedVariant:
    document = given.get("document")
    return ExposedVariant(
        name=_text(name),
        config=_text(given["config"]),
        weights={_text(each): float(weight) for each, weight in given["weights"].items()},
        model_name=_text(given["model"]),
        package_arn=_text(given.get("model_package_arn") or ""),
        artefacts=tuple(map(_text, given["artefact_sha256"])),
        spec_sha256=_text(given.get("spec_sha256") or ""),
        model=None if document is None else model_from_json(orjson.dumps(document)),
    )


def _instances(given: _Json, places: Mapping[str, int]) -> Iterator[ExposedInstance]:
    if given.get("instances_cut"):
        for place in places.values():
            yield ExposedInstance(place=0, variant=place, status=INSTANCES_CUT)
    for number_of, each in enumerate(given["instances"]):
        yield _instance(number_of, places[each["variant"]], each, each.get("unit"))


def _shadowed(given: list[_Json], places: Mapping[str, int]) -> Iterator[ExposedInstance]:
    for number_of, each in enumerate(given):
        for name, shadow in (each.get("shadows") or {}).items():
            yield _instance(number_of, places[name], shadow, each.get("unit"))


def _instance(place: int, variant: int, given: _Json, unit: str | None) -> ExposedInstance:
    error = given.get("error")
    return ExposedInstance(
        place=place,
        variant=variant,
        unit=None if unit is None else _text(unit),
        inputs=_inputs(given.get("inputs")),
        vector_sha256=_text(given.get("vector_sha256") or ""),
        scores=_scores(given["score"]) if "score" in given else None,
        status=OK if error is None else _text(error),
        statuses=_texts(given.get("statuses") or {}),
        event_times=_texts(given.get("event_times") or {}),
    )


def _inputs(given: object) -> list[float] | None:
    """The vector; ``None`` where it was cut or has texts, which the table's column can't hold."""
    if given is None:
        return None
    if isinstance(given, list) and any(is_text(each) for each in given):
        return None
    return parsed(given)


def _scores(given: object) -> list[float]:
    return parsed(given) if isinstance(given, list) else [number(given)]


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


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**53) <= value < 2**53:
        raise TypeError("a whole number was expected")
    return value
