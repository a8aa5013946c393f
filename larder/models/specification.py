"""A model's feature specification (``larder/features.json``), as its author writes it.

Nothing is guessed: a member that is not known is refused, because a typing error must not become a
default. ``larder.models.resolve`` checks what is parsed here against the groups and the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureType
from larder.models.served import Missing, SourceKind
from larder.problems import Path, Problem, refuse, shown

MAX_BYTES = 64 * 1024
_LONGEST_NAME = 256
_TYPES = tuple(FeatureType)
_MEMBERS = ("version", "unit", "inputs", "output", "nan_safe")
_LOOKUP_ONLY = ("feature_group", "feature", "key", "max_age_seconds")
_INPUT_MEMBERS = ("name", "source", "type", "size", "missing", "categories", *_LOOKUP_ONLY)
_MOST_SECONDS = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input as written; what the author left to its default is ``None``."""

    name: str
    source: SourceKind
    type: str | None = None
    group: str = ""
    feature: str | None = None
    key: str | None = None
    size: int | None = None
    missing: Missing = Missing.FAIL
    default: float | str | None = None
    max_age_seconds: int | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedSpec:
    """A specification as written, in the model's column order."""

    inputs: tuple[InputSpec, ...]
    unit: str = ""
    output: str = "score"
    nan_safe: bool = False


def parse(text: str | bytes) -> UnresolvedSpec:
    """The specification of a JSON text.

    Raises:
        ValidationError: naming every member that is unknown, missing or of a wrong type.
    """
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise ValidationError(
            f"The feature specification has {len(raw)} bytes; at most {MAX_BYTES} (64 KB) are "
            f"taken: shorten its categories or its names."
        )
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValidationError(
            f"The feature specification is not valid JSON ({error}); see larder/features.json in "
            f"the documentation."
        ) from error
    refuse(_problems(document))
    output = document.get("output") or {}
    return UnresolvedSpec(
        inputs=tuple(map(_input, document["inputs"])),
        unit=document.get("unit") or "",
        output=output.get("name") or "score",
        nan_safe=document.get("nan_safe") or False,
    )


def _input(given: Mapping[str, Any]) -> InputSpec:
    group = given.get("feature_group")
    missing, default = _missing(given.get("missing", Missing.FAIL))
    return InputSpec(
        name=given["name"],
        source=SourceKind.FEATURE_GROUP if group else SourceKind.REQUEST,
        type=given.get("type"),
        group=group or "",
        feature=given.get("feature"),
        key=given.get("key"),
        size=given.get("size"),
        missing=missing,
        default=default,
        max_age_seconds=given.get("max_age_seconds"),
        categories=tuple(given.get("categories") or ()),
    )


def _missing(given: object) -> tuple[Missing, float | str | None]:
    if isinstance(given, dict):
        default = given["default"]
        return Missing.DEFAULT, default if isinstance(default, str) else float(default)
    return Missing(str(given)), None


def _problems(document: object) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield Problem((), "The feature specification must be a JSON object", shown(document))
        return
    yield from _unknown(document, _MEMBERS, ())
    if document.get("version") != 1 or isinstance(document["version"], bool):
        text = "Member must be 1, the version of this form"
        yield Problem(("version",), text, shown(document.get("version")))
    if document.get("unit") is not None:
        yield from _name(document["unit"], ("unit",))
    if not isinstance(document.get("nan_safe"), bool | None):
        yield Problem(("nan_safe",), "Member must be true or false", shown(document["nan_safe"]))
    yield from _output_problems(document.get("output"))
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        text = "Member must be a list of at least one input, in the model's column order"
        yield Problem(("inputs",), text, shown(inputs))
        return
    for place, each in enumerate(inputs):
        yield from _input_problems(each, ("inputs", place))
    yield from _twice(inputs)


def _output_problems(output: object) -> Iterator[Problem]:
    if output is None:
        return
    if not isinstance(output, dict):
        yield Problem(("output",), 'Member must be an object: {"name": "score"}', shown(output))
        return
    yield from _unknown(output, ("name",), ("output",))
    if output.get("name") is not None:
        yield from _name(output["name"], ("output", "name"))
    if output.get("name") in ("features", "variant", "error"):
        text = "Member must not be features, variant or error, which an answer has already"
        yield Problem(("output", "name"), text, shown(output["name"]))


def _twice(inputs: list[object]) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, each in enumerate(inputs):
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            text = "Member must differ from the names of the inputs before it"
            yield Problem(("inputs", place, "name"), text, shown(name))
        seen.add(name)


def _input_problems(given: object, path: Path) -> Iterator[Problem]:
    if not isinstance(given, dict):
        yield Problem(path, "Member must be an object that describes one input", shown(given))
        return
    yield from _unknown(given, _INPUT_MEMBERS, path)
    yield from _name(given.get("name"), (*path, "name"))
    yield from _source_problems(given, path)
    for member, check in _CHECKS.items():
        if given.get(member) is not None:
            yield from check(given[member], (*path, member))


def _source_problems(given: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    source, group = given.get("source"), given.get("feature_group")
    if source not in (None, *SourceKind):
        text = "Member must be request or feature_group"
        yield Problem((*path, "source"), text, shown(source))
    elif group is None and source != SourceKind.REQUEST:
        text = 'Member must name a feature group, unless source is "request"'
        yield Problem((*path, "feature_group"), text, "null")
    elif source == SourceKind.REQUEST:
        for member in _LOOKUP_ONLY:
            if given.get(member) is not None:
                text = "Member must be left out of an input whose source is request"
                yield Problem((*path, member), text, shown(given[member]))
        if given.get("type") is None:
            text = f"Member must be one of [{', '.join(_TYPES)}] where source is request"
            yield Problem((*path, "type"), text, "null")


def _unknown(given: Mapping[str, Any], known: tuple[str, ...], path: Path) -> Iterator[Problem]:
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            text = f"Member must be one of [{', '.join(known)}]{hint}"
            yield Problem((*path, name[:60]), text, "of this name")


def _name(value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_NAME:
        text = f"Member must be a text of 1 to {_LONGEST_NAME} characters"
        yield Problem(path, text, shown(value))


def _type(value: object, path: Path) -> Iterator[Problem]:
    if value not in _TYPES:
        yield Problem(path, f"Member must be one of [{', '.join(_TYPES)}]", shown(value))


def _whole(most: int) -> Callable[[object, Path], Iterator[Problem]]:
    def check(value: object, path: Path) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            yield Problem(path, f"Member must be a whole number from 1 to {most}", shown(value))

    return check


def _missing_problems(value: object, path: Path) -> Iterator[Problem]:
    if isinstance(value, dict):
        yield from _unknown(value, ("default",), path)
        default = value.get("default")
        if isinstance(default, str):
            return
        if (
            isinstance(default, bool)
            or not isinstance(default, int | float)
            or not math.isfinite(default)
        ):
            text = "Member must be a finite number, or a text among the categories"
            yield Problem((*path, "default"), text, shown(default))
    elif value not in ("fail", "nan"):
        text = 'Member must be "fail", "nan" or {"default": value}'
        yield Problem(path, text, shown(value))


def _category_problems(value: object, path: Path) -> Iterator[Problem]:
    texts = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    if not texts or not isinstance(value, list) or len(set(texts)) < len(value):
        yield Problem(path, "Member must be a list of different texts, at least one", shown(value))


_CHECKS: Mapping[str, Callable[[Any, Path], Iterator[Problem]]] = {
    "type": _type,
    "feature_group": _name,
    "feature": _name,
    "key": _name,
    "size": _whole(8192),
    "max_age_seconds": _whole(_MOST_SECONDS),
    "missing": _missing_problems,
    "categories": _category_problems,
}
