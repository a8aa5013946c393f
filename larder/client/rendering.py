"""Python values as the texts that SageMaker's records hold, without loss.

A text passes as it is. Whole numbers are written in digits, floats as the shortest text that
denotes the same double. A float as the identifier of a group whose identifier is a String is
refused (decision 0193). Aware datetimes are written as ISO-8601 in UTC (as Unix seconds where the
feature is Fractional). What has no faithful text is refused by name: NaN, a naive datetime, a truth
value. NumPy's scalars and arrays, pandas' Timestamp and ``Decimal`` are taken for what they mean.
``None`` is an absent feature.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from numbers import Integral, Real

from larder.errors import ValidationError
from larder.event_time import NANOS, nanos_to_iso
from larder.groups.feature_group import FeatureDefinition, FeatureGroup, FeatureType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EXACT = 2**53
"""Up to here every whole number has a double of its own."""


def rendered(group: FeatureGroup, record: Mapping[str, object]) -> list[tuple[str, object]]:
    """A record's features that have a value, each as text or list of texts.

    The features are those of the group; the write checks whether the texts fit them.

    Raises:
        ValidationError: a value has no faithful text.
    """
    features = group.features
    name = group.record_identifier_name
    if name in record:
        check_identifier(features[group.ordinals[name]], record[name])
    return [
        (name, _value(features[group.ordinals[name]], value))
        for name, value in record.items()
        if value is not None
    ]


def check_identifier(feature: FeatureDefinition, value: object) -> None:
    """Refuse a number with a fraction, were it 0, as an identifier that is a text.

    Raises:
        ValidationError: it is one.
    """
    if feature.type is not FeatureType.STRING or isinstance(value, str | Integral):
        return
    digits = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    if isinstance(value, Real) or (isinstance(digits, int) and digits < 0):
        why = (
            "has a fraction, and the feature is the record identifier and a String: 701.0 would be "
            "another record than 701; give whole numbers or texts (pandas: astype('Int64'))"
        )
        raise _refused(feature, value, why)


def scalar_text(feature: FeatureDefinition, value: object) -> str:
    """One value as text.

    Raises:
        ValidationError: it has none that would mean the same.
    """
    match value:
        case str():
            return str(value)
        case datetime():
            return _moment(feature, value)
        case Decimal() if value.is_finite():
            return _number(feature, value, value == value.to_integral_value())
        case Decimal():
            raise _refused(feature, value, "is not finite; leave the feature out, or give None")
        case bool():
            raise _refused(feature, value, "is a truth value; give 1 or 0, or a text")
        case Integral():
            return str(int(value))
        case Real():
            return _real(feature, float(value))
    kind = type(value).__name__
    raise _refused(feature, value, f"is a {kind}; give a number, a text, or an aware datetime")


def _value(feature: FeatureDefinition, value: object) -> str | list[str]:
    if feature.collection is None:
        return scalar_text(feature, value)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        kind = type(value).__name__
        raise _refused(feature, value, f"is a {kind}; a {feature.collection} takes a list")
    texts = [scalar_text(feature, item) for item in value]
    return sorted(texts) if isinstance(value, Set) else texts  # the same set, the same texts


def _real(feature: FeatureDefinition, value: float) -> str:
    if not math.isfinite(value):
        raise _refused(feature, value, "is not finite; leave the feature out, or give None")
    if feature.type is FeatureType.FRACTIONAL:
        return repr(value)
    return _number(feature, value, value.is_integer() and abs(value) <= _EXACT)


def _number(feature: FeatureDefinition, value: Decimal | float, whole: bool) -> str:
    if feature.type is not FeatureType.INTEGRAL:
        return str(value)
    if not whole:
        raise _refused(feature, value, "has no exact whole number, which Integral wants; round it")
    return str(int(value))


def _moment(feature: FeatureDefinition, value: datetime) -> str:
    if value != value:  # noqa: PLR0124 - pandas' NaT, which is a datetime and equals nothing
        raise _refused(feature, value, "is no time; leave the feature out, or give None")
    if value.utcoffset() is None:
        raise _refused(feature, value, "has no time zone; make it aware, as by tzinfo=UTC")
    micros = (value - _EPOCH) // _MICROSECOND
    nanos = micros * 1000 + int(getattr(value, "nanosecond", 0))  # pandas' Timestamp has them
    if feature.type is FeatureType.STRING:
        return nanos_to_iso(nanos)
    if feature.type is FeatureType.FRACTIONAL:
        return str(Decimal(nanos) / NANOS)
    raise _refused(feature, value, "is a time, and the feature Integral; give a number")


def _refused(feature: FeatureDefinition, value: object, why: str) -> ValidationError:
    return ValidationError(f"Feature '{feature.name}': {str(value)[:64]!r} {why}.")
