"""Shapes of JSON members, and what is wrong with a value that claims one.

The vocabulary is that of AWS's service models: every constraint that botocore's model states (and
that boto3 mostly does not enforce) can be written down and is checked. ``null`` is absence.
Members that no shape names are refused: a setting that Larder does not know would otherwise be
dropped in silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from larder.problems import Path, Problem, shown

_INT32 = 2**31 - 1
_DEEPEST = 60
_CONTROL = r"\x00-\x1f\x7f-\x9f"
_VISIBLE = {
    r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]": f"[^{_CONTROL}]",
    r"[\p{L}\p{M}\p{Z}\p{N}\p{P}]": rf"[^{_CONTROL}$+<=>\^`|~]",
}
_SEPARATORS = "\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@dataclass(frozen=True, slots=True)
class Text:
    """A string; lengths in characters, ``pattern`` in the model's own spelling."""

    min: int = 0
    max: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer of 32 bits."""

    min: int = -_INT32 - 1
    max: int = _INT32


@dataclass(frozen=True, slots=True)
class Number:
    """A number with fraction, which is neither infinite nor NaN."""

    min: float = -math.inf


@dataclass(frozen=True, slots=True)
class Refused:
    """A member of the model that Larder does not serve; ``why`` is the reason and the cure."""

    why: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: seconds since the epoch, with fraction."""


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    item: Shape
    min: int = 0
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """An object whose names are free within ``key``."""

    key: Text
    value: Text
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    """An object; of a union, exactly one member is set."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    union: bool = False


Shape = Text | Whole | Number | Flag | Moment | Many | Map | Struct | Refused


def problems(shape: Shape, value: object, path: Path = ()) -> Iterator[Problem]:
    """What is wrong with a value, which is not ``null``."""
    if len(path) > _DEEPEST:
        yield Problem(path, f"Member must not be nested deeper than {_DEEPEST}", "of its depth")
        return
    match shape:
        case Text():
            yield from _of_text(shape, value, path)
        case Whole():
            yield from _of_whole(shape, value, path)
        case Flag() | Moment() | Number() | Refused():
            yield from _of_simple(shape, value, path)
        case Many():
            yield from _of_many(shape, value, path)
        case Map():
            yield from _of_map(shape, value, path)
        case Struct():
            yield from _of_struct(shape, value, path)


def _of_text(shape: Text, value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(path, "Member must be a string", shown(value))
    elif shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield Problem(path, f"Member must satisfy enum value set: [{allowed}]", shown(value))
    elif len(value) < shape.min:
        text = f"Member must have length greater than or equal to {shape.min}"
        yield Problem(path, text, shown(value))
    elif shape.max is not None and len(value) > shape.max:
        text = f"Member must have length less than or equal to {shape.max}, not {len(value)}"
        yield Problem(path, text, shown(value))
    elif shape.pattern and compiled(shape.pattern).fullmatch(value) is None:
        text = f"Member must satisfy regular expression pattern: {shape.pattern}"
        yield Problem(path, text, shown(value))


def _of_whole(shape: Whole, value: object, path: Path) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(path, "Member must be an integer", shown(value))
    elif value < shape.min:
        text = f"Member must have value greater than or equal to {shape.min}"
        yield Problem(path, text, shown(value))
    elif value > shape.max:
        text = f"Member must have value less than or equal to {shape.max}"
        yield Problem(path, text, shown(value))


def _of_simple(
    shape: Flag | Moment | Number | Refused, value: object, path: Path
) -> Iterator[Problem]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match shape:
        case Flag() if not isinstance(value, bool):
            yield Problem(path, "Member must be true or false", shown(value))
        case Moment() if not number:
            yield Problem(path, "Member must be a number: epoch seconds", shown(value))
        case Number() if not number or not math.isfinite(cast("float", value)):
            yield Problem(path, "Member must be a finite number", shown(value))
        case Number() if cast("float", value) < shape.min:
            text = f"Member must have value greater than or equal to {shape.min:g}"
            yield Problem(path, text, shown(value))
        case Refused():
            yield Problem(path, f"Member must be left out: {shape.why}", shown(value))


def _of_many(shape: Many, value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, "Member must be a list", shown(value))
        return
    count = f"of {len(value)} items"
    if len(value) < shape.min:
        yield Problem(path, f"Member must have length greater than or equal to {shape.min}", count)
    if shape.max is not None and len(value) > shape.max:
        yield Problem(path, f"Member must have length less than or equal to {shape.max}", count)
        return
    if isinstance(shape.item, Text) and _are_plain(shape.item, value):
        return
    for place, item in enumerate(value):
        if item is None:
            yield Problem((*path, place), "Member must not be null", "null")
        else:
            yield from problems(shape.item, item, (*path, place))


def _are_plain(shape: Text, items: list[object]) -> bool:
    """Whether all is well with many texts of a free form, at a glance: batches have hundreds."""
    longest = math.inf if shape.max is None else shape.max
    return not (shape.enum or shape.pattern) and all(
        isinstance(each, str) and shape.min <= len(each) <= longest for each in items
    )


def _of_map(shape: Map, value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "Member must be an object", shown(value))
        return
    if shape.max is not None and len(value) > shape.max:
        text = f"Member must have length less than or equal to {shape.max}"
        yield Problem(path, text, f"of {len(value)} items")
        return
    for name, each in value.items():
        yield from _of_text(shape.key, name, (*path, name))
        yield from _of_text(shape.value, each, (*path, name))


def _of_struct(shape: Struct, value: object, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "Member must be an object", shown(value))
        return
    for name in value.keys() - shape.members.keys():
        text = f"Member must be one of [{', '.join(shape.members)}]"
        yield Problem((*path, str(name)[:_DEEPEST]), text, "of this name")
    given = [name for name in shape.members if value.get(name) is not None]
    if shape.union and len(given) != 1:
        names = ", ".join(shape.members)
        yield Problem(path, f"Member must have exactly one of [{names}] set", f"of {len(given)}")
    for name in [each for each in shape.required if each not in given]:
        yield Problem((*path, name), "Member must not be null", "null")
    for name in given:
        yield from problems(shape.members[name], value[name], (*path, name))


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    r"""A model's pattern for Python, which lacks ``\p{L}``, ``\p{Z}`` and surrogate pairs.

    ``\w`` is Unicode's letters and numbers and ``_``; the separators are spelled out. A class of
    all that can be seen is every character but controls. Where it lacks symbols, those of ASCII are
    left out. A quantifier of ``$`` is the model's slip.
    """
    pattern = re.sub(r"\$\{\d+,\d+\}$", "", pattern)
    for theirs, ours in _VISIBLE.items():
        pattern = pattern.replace(theirs, ours)
    if r"\p{L}" in pattern:
        return re.compile(pattern.replace(r"\p{L}\p{Z}\p{N}_", rf"\w{_SEPARATORS}"))
    python = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    return re.compile(python, re.ASCII)
