"""Instances of a request, and their values as a model's columns."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

from larder.groups.feature_group import FeatureType
from larder.models.served import Cell, ModelInput
from larder.problems import shown

MAX_INSTANCES = 100
_NUMBER = re.compile(
    r"\s*[+-]?(?:\d+\.?\d*|\.\d+|inf|infinity)(?:[eE][+-]?\d+)?\s*", re.ASCII | re.I
)


@dataclass(slots=True)
class Instance:
    """One thing to score: ``fields`` by name, or a whole ``vector`` without any look-up.

    ``texts`` says that all values of the fields are texts, as in CSV.
    """

    fields: Mapping[str, object] | None = None
    vector: Sequence[object] | None = None
    texts: bool = False


class BadValue(ValueError):
    """A value does not fit its input; the message is a sentence for the caller."""


def columns_of(given: ModelInput, value: object, *, texts: bool) -> Sequence[Cell] | None:
    """A given value as the input's columns; ``None`` where it is missing.

    ``null``, NaN, an empty text in CSV and an unknown category are missing. An infinite number is
    itself: whether the model takes one, the caller decides.

    Raises:
        BadValue: the value is of another type, or a vector of another length.
    """
    if value is None or (texts and value == ""):
        return None
    if given.size > 1:
        return _vector(given, value)
    if given.categories:
        return _category(given, value)
    if given.is_text:
        return (_text(given, value),)
    number = _number(given, value, texts)
    return None if math.isnan(number) else (number,)


def identifier_of(field: str, value: object) -> str | None:
    """The record identifier that a field carries; ``None`` where it carries none.

    The number 4711 and the text "4711" are one identifier.

    Raises:
        BadValue: it is neither a text nor a number.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(
            f"Field {field!r} carries a record identifier: send a text or a number, not "
            f"{shown(value)}."
        )
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def vector_of(values: Sequence[object]) -> list[float]:
    """A whole vector of numbers, where ``null`` is missing.

    Raises:
        BadValue: an element is no number.
    """
    if set(map(type, values)) <= {float}:
        return list(values)  # type: ignore[arg-type]  # as CSV gives them, by the hundred thousand
    row: list[float] = []
    for place, value in enumerate(values):
        if value is None:
            row.append(nan)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise BadValue(f"Element {place} of the vector is {shown(value)}: send numbers.")
        else:
            row.append(_as_float(value))
    return row


def _vector(given: ModelInput, value: object) -> Sequence[float]:
    if not isinstance(value, list) or len(value) != given.size:
        length = f"a list of {len(value)}" if isinstance(value, list) else shown(value)
        raise BadValue(
            f"Input {given.name!r} is a vector of {given.size} numbers: {length} was sent."
        )
    try:
        row = vector_of(value)
    except BadValue as error:
        raise BadValue(f"Input {given.name!r}: {error}") from None
    if any(map(math.isnan, row)):
        raise BadValue(f"Input {given.name!r}: no element may be null; send null for all of it.")
    return row


def _category(given: ModelInput, value: object) -> Sequence[float] | None:
    if not isinstance(value, str):
        raise BadValue(f"Input {given.name!r} is a String: {shown(value)} is no text.")
    try:
        return (float(given.categories.index(value)),)
    except ValueError:
        return None


def _text(given: ModelInput, value: object) -> str:
    if not isinstance(value, str):
        raise BadValue(f"Input {given.name!r} is a String: {shown(value)} is no text.")
    return value


def _number(given: ModelInput, value: object, texts: bool) -> float:
    if texts and isinstance(value, str):
        number = text_number(value)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        number = None
    else:
        number = _as_float(value)
    if number is None:
        raise BadValue(f"Input {given.name!r} is {given.type}: {shown(value)} is no number.")
    if given.type == FeatureType.INTEGRAL and math.isfinite(number) and not number.is_integer():
        raise BadValue(f"Input {given.name!r} is Integral: {shown(value)} is no whole number.")
    return number


def text_number(text: str) -> float | None:
    """The number that a text spells, NaN included; ``None`` where it spells none.

    Python's own forms with underscores or other digits are no numbers here.
    """
    if _NUMBER.fullmatch(text) is not None:
        return float(text)
    return nan if text.strip().lower() in {"nan", "+nan", "-nan"} else None


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)
