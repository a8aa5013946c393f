"""Whether a value fits its shape, without saying why not: nearly all requests do.

``problems`` makes a generator and a path for each member, to say what is wrong where. A plain yes
or no takes a quarter of that. Both know the same rules; a property test holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from larder.wire.shapes import (
    Flag,
    Many,
    Map,
    Moment,
    Number,
    Refused,
    Shape,
    Struct,
    Text,
    Whole,
    compiled,
)

Fits = Callable[[object], bool]
_KNOWN = 1024
"""Texts of one pattern that are remembered: features' names come again in every request."""
_LONGEST_KNOWN = 256


def fits(shape: Shape) -> Fits:
    """A test of values, which are not ``null``. ``shape`` contains no shape that contains it."""
    return _KINDS[type(shape)](shape)


@cache
def _fits_text(shape: Text) -> Fits:
    least, most = shape.min, math.inf if shape.max is None else shape.max
    if not shape.enum and shape.pattern is None:
        return lambda value: isinstance(value, str) and least <= len(value) <= most
    allowed = frozenset(shape.enum)
    matches = compiled(shape.pattern or ".*").fullmatch
    known: set[str] = set()

    def check(value: object) -> bool:
        if not isinstance(value, str):
            return False
        if value in known:
            return True
        if allowed and value not in allowed:
            return False
        if not least <= len(value) <= most or (shape.pattern and matches(value) is None):
            return False
        if len(known) < _KNOWN and len(value) <= _LONGEST_KNOWN:
            known.add(value)
        return True

    return check


def _fits_flag(_shape: Flag) -> Fits:
    return lambda value: isinstance(value, bool)


def _fits_moment(_shape: Moment) -> Fits:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool)


def _fits_whole(shape: Whole) -> Fits:
    least, most = shape.min, shape.max

    def check(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return check


def _fits_number(shape: Number) -> Fits:
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= shape.min
    )


def _fits_refused(_shape: Refused) -> Fits:
    return lambda _value: False


def _fits_many(shape: Many) -> Fits:
    least, most = shape.min, math.inf if shape.max is None else shape.max
    item = fits(shape.item)

    def check(value: object) -> bool:
        # an item that is null is of no shape's type
        return isinstance(value, list) and least <= len(value) <= most and all(map(item, value))

    return check


def _fits_map(shape: Map) -> Fits:
    most = math.inf if shape.max is None else shape.max
    key, item = fits(shape.key), fits(shape.value)

    def check(value: object) -> bool:
        if not isinstance(value, dict) or len(value) > most:
            return False
        return all(map(key, value)) and all(map(item, value.values()))

    return check


def _fits_struct(shape: Struct) -> Fits:
    members = {name: fits(each) for name, each in shape.members.items()}
    required, union = shape.required, shape.union

    def check(value: object) -> bool:
        if not isinstance(value, dict):
            return False
        for name, each in value.items():
            member = members.get(name)
            if member is None or (each is not None and not member(each)):
                return False
        for name in required:
            if value.get(name) is None:
                return False
        return not union or sum(each is not None for each in value.values()) == 1

    return check


_KINDS: Mapping[type[Shape], Callable[[Any], Fits]] = {
    Text: _fits_text,
    Whole: _fits_whole,
    Flag: _fits_flag,
    Moment: _fits_moment,
    Number: _fits_number,
    Refused: _fits_refused,
    Many: _fits_many,
    Map: _fits_map,
    Struct: _fits_struct,
}
