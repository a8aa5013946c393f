"""Feature values: whether a text (or list of texts) fits a feature's definition.

Values stay the texts that were sent; only their form is checked. Types are SageMaker's: String
(UTF-8), Integral (signed 64-bit), Fractional (finite IEEE-754 double; AWS does not say what it does
with NaN and infinities: they are refused here, a missing value is an absent feature).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, overload

from larder.errors import ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.records.codec import Value

Scalar = str | int | float
Typed = Scalar | list[str] | list[int] | list[float]
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
MAX_ITEMS = 358_400


def check_value(feature: FeatureDefinition, value: object) -> Value:
    """Return the value if it fits the feature.

    Raises:
        ValidationError: it does not; the message names feature, value and cure.
    """
    if feature.collection is None:
        if not isinstance(value, str):
            raise ValidationError(
                f"Feature '{feature.name}' is a scalar {feature.type}: send ValueAsString, "
                f"not ValueAsStringList."
            )
        _check_text(feature, value)
        return value
    if not isinstance(value, list):
        raise ValidationError(
            f"Feature '{feature.name}' is a {feature.collection} of {feature.type}: "
            f"send ValueAsStringList, not ValueAsString."
        )
    return _check_items(feature, value)


@overload
def typed_value(feature: FeatureDefinition, value: str) -> Scalar: ...


@overload
def typed_value(feature: FeatureDefinition, value: Value) -> Typed: ...


def typed_value(feature: FeatureDefinition, value: Value) -> Typed:
    """A checked value in its feature's type: ``int``, ``float``, ``str``, or a list of them."""
    read = reader_of(feature)
    return value if read is None else read(value)


def reader_of(feature: FeatureDefinition) -> Callable[[Any], Typed] | None:
    """What makes of a feature's checked value the one of its type; ``None`` where it is that."""
    if feature.type is FeatureType.STRING:
        return None
    number = int if feature.type is FeatureType.INTEGRAL else float
    return number if feature.collection is None else lambda texts: [number(each) for each in texts]


def canonical_identifier(feature: FeatureDefinition, value: str) -> str:
    """The text by which records differ: ``"01"`` and ``"1"`` are one Integral identifier.

    The offline table holds typed identifiers; both stores must mean the same record.
    """
    if feature.type is FeatureType.STRING:
        return value
    _check_text(feature, value)
    if feature.type is FeatureType.INTEGRAL:
        return str(int(value))
    return repr(float(value) + 0.0)


def _check_items(feature: FeatureDefinition, items: list[object]) -> list[str]:
    if len(items) > MAX_ITEMS:
        raise ValidationError(f"Feature '{feature.name}' has more than {MAX_ITEMS} elements.")
    texts: list[str] = []
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise ValidationError(
                f"Feature '{feature.name}', element {place}: every element must be a string, "
                f"not {type(item).__name__}; leave missing elements out."
            )
        _check_text(feature, item)
        texts.append(item)
    if feature.collection is CollectionType.VECTOR and len(texts) != feature.dimension:
        raise ValidationError(
            f"Feature '{feature.name}' is a Vector of dimension {feature.dimension}, "
            f"but {len(texts)} elements were sent."
        )
    if feature.collection is CollectionType.SET:
        return list(dict.fromkeys(texts))
    return texts


def _check_text(feature: FeatureDefinition, text: str) -> None:
    if feature.type is FeatureType.INTEGRAL:
        if _INTEGER.fullmatch(text) is None or not -(2**63) <= int(text) < 2**63:
            raise ValidationError(
                f"Feature '{feature.name}' is Integral: {text[:64]!r} is not a whole number "
                f"of 64 bits."
            )
    elif feature.type is FeatureType.FRACTIONAL and (
        _NUMBER.fullmatch(text) is None or math.isinf(float(text))
    ):
        raise ValidationError(
            f"Feature '{feature.name}' is Fractional: {text[:64]!r} is not a finite number; "
            f"leave the feature out where it has no value."
        )
