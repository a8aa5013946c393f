"""What sources hold, brought to the few kinds of columns that features are made of.

Those are texts, 64-bit integers, doubles, truth values, and lists of them. Instants become ISO-8601
texts in UTC or, for a Fractional feature, Unix seconds; decimals and integers of more than 63 bits
become texts, which lose nothing. Floats and decimals of an Integral feature become the whole
numbers that they are: pandas makes floats of whole numbers where one is missing. NaN is no value:
sources have it where a number is missing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.ingestion.cures import map_option
from larder.tabular.columns import plain_type
from larder.tabular.zones import in_zone

Array = Any  # pyarrow is untyped
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_EXACT = 2**53  # up to here every whole number has a double of its own
_NAN = pa.array(["NaN", "nan", "NAN", "-nan", "-NaN"])
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999, which Arrow writes well


def check_type(feature: FeatureDefinition, column: str, kind: Any, zone: str | None) -> None:  # noqa: ANN401
    """Make sure that columns of a type can be read at all.

    Raises:
        ValidationError: they can't, whatever their values.
    """
    plain = plain_type(kind)
    if pa.types.is_timestamp(plain) and plain.tz is None and zone is None:
        raise ValidationError(
            f"column {column!r} holds times without a time zone, so it is unknown which instants "
            "they are: make them aware, or say which zone they are in (--time-zone UTC)"
        )
    known = (
        pa.types.is_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating,
        pa.types.is_decimal, pa.types.is_timestamp, pa.types.is_date,
    )  # fmt: skip
    inner = plain_type(plain.value_type) if _is_list(plain) else plain
    if not any(is_known(inner) for is_known in known):
        raise ValidationError(
            f"column {column!r} holds {kind}, which can't be values of feature '{feature.name}' "
            f"({feature.type}): make it texts, numbers or lists of those, or leave it out "
            f"({map_option(column)})"
        )


def check_identifier(feature: FeatureDefinition, column: str, kind: Any) -> None:  # noqa: ANN401
    """Refuse fractional numbers as identifiers that are texts: ``701.0`` is not ``701``.

    Raises:
        ValidationError: the column holds such numbers.
    """
    plain = plain_type(kind)
    fractional = pa.types.is_floating(plain) or (pa.types.is_decimal(plain) and plain.scale > 0)
    if feature.type is FeatureType.STRING and fractional:
        raise ValidationError(
            f"column {column!r} holds {kind}, and feature '{feature.name}' is the record "
            "identifier and a String: 701.0 would be another record than 701; make the column "
            "whole numbers or texts (pandas: astype('Int64'))"
        )


def plain_column(feature: FeatureDefinition, column: str, given: Array, zone: str | None) -> Array:
    """A column in its plain kind.

    Raises:
        ValidationError: local times are not of the zone.
    """
    try:
        return _plain(feature, given, zone)
    except pa.ArrowException as error:
        raise ValidationError(f"column {column!r} can't be read: {error}") from error


def moments(feature: FeatureDefinition, column: str, given: Array, zone: str | None) -> Array:
    """A column of event times in its plain kind.

    Local times are those of the zone. Those that it has twice or never stay as they are.

    Raises:
        ValidationError: as ``plain_column``.
    """
    kind = plain_type(given.type)
    if zone is None or not pa.types.is_timestamp(kind) or kind.tz is not None:
        plain = plain_column(feature, column, given, zone)
        return in_zone(plain, zone) if zone and pa.types.is_string(plain.type) else plain
    local = given.cast(kind)
    first, last = (
        pc.assume_timezone(local, zone, ambiguous=which, nonexistent=which)
        for which in ("earliest", "latest")
    )
    found = plain_column(feature, column, first, None)
    odd = pc.fill_null(pc.not_equal(first, last), False)
    if not pc.any(odd).as_py():
        return found
    texts = [repr(each) if isinstance(each, float) else each for each in found.to_pylist()]
    written = pc.strftime(local, format="%Y-%m-%dT%H:%M:%S")
    return pc.if_else(odd, written, pa.array(texts, pa.string()))


def _plain(feature: FeatureDefinition, given: Array, zone: str | None) -> Array:
    kind = given.type
    if _is_list(kind):
        inner = _plain(feature, pc.list_flatten(given), zone)
        return _list(given, inner)
    if plain_type(kind) != kind:
        return _plain(feature, given.cast(plain_type(kind)), zone)
    if pa.types.is_timestamp(kind):
        aware = given if kind.tz else pc.assume_timezone(given, zone)
        aware = aware.cast(pa.timestamp(kind.unit, "UTC"))
        seconds = feature.type is FeatureType.FRACTIONAL
        return _seconds(aware) if seconds else _iso(aware)
    if feature.type is FeatureType.INTEGRAL and _has_fractions(kind):
        return _whole(given if feature.collection is not None else _known(feature, given))
    plain = given.cast(_plain_scalar(kind))
    return plain if feature.collection is not None else _known(feature, plain)


def _known(feature: FeatureDefinition, plain: Array) -> Array:
    """The values but NaN, as a number or as the text of one."""
    if pa.types.is_floating(plain.type):
        absent = pc.is_nan(plain)
    elif pa.types.is_string(plain.type) and feature.type is not FeatureType.STRING:
        absent = pc.is_in(plain, value_set=_NAN)
    else:
        return plain
    return pc.if_else(absent, None, plain) if pc.any(absent).as_py() else plain


def _has_fractions(kind: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _whole(given: Array) -> Array:
    """Floats or decimals of an Integral feature as whole numbers.

    Where some are not whole, all are texts: whole ones in digits, the others as they are. So a row
    is judged by its own values.
    """
    if pa.types.is_floating(given.type):
        given = given.cast(pa.float64())
    if pa.types.is_decimal(given.type) or _are_exact(given):
        try:
            return given.cast(pa.int64())
        except pa.ArrowInvalid:  # some are not whole, or have more than 64 bits
            pass
    return pa.array(map(_digits, given.to_pylist()), pa.string())


def _are_exact(floats: Array) -> bool:
    least = pc.all(pc.less_equal(pc.abs(floats), pa.scalar(float(_EXACT), floats.type))).as_py()
    return least is not False


def _digits(value: float | Decimal | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) <= _EXACT
        return str(int(value)) if whole else repr(value)
    return str(int(value)) if value == value.to_integral_value() else str(value)


def _plain_scalar(kind: Any) -> Any:  # noqa: ANN401 - pyarrow is untyped
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_boolean(kind):
        return kind
    return pa.int64() if pa.types.is_integer(kind) and kind != pa.uint64() else pa.string()


def _is_list(kind: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_list(kind) for is_list in tests)


def _list(given: Array, items: Array) -> Array:
    """The items in lists as given; a fixed-size list that is absent holds none."""
    lengths = pc.fill_null(pc.list_value_length(given), 0)
    ends = pc.cumulative_sum(lengths.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, items, mask=pc.is_null(given))


def _parts(aware: Array) -> tuple[Array, Array, str]:
    """Whole seconds and the rest in the column's unit; nulls where no calendar reaches."""
    unit = aware.type.unit
    ticks = aware.cast(pa.int64())
    floor = pc.floor_temporal(aware, unit="second").cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    reached = pc.and_(pc.greater_equal(floor, _FIRST), pc.less_equal(floor, _LAST))
    seconds = pc.if_else(reached, floor, None)
    rest = pc.subtract(ticks, pc.multiply(seconds, _UNITS[unit]))
    return seconds, rest, unit


def _iso(aware: Array) -> Array:
    """Texts as ``larder.event_time.nanos_to_iso`` writes them; a number where it could not."""
    seconds, rest, unit = _parts(aware)
    texts = _calendar(seconds.cast(pa.timestamp("s")))
    if not pc.any(pc.not_equal(rest, 0)).as_py():
        whole = pc.binary_join_element_wise(texts, "Z", "")
        return pc.coalesce(whole, aware.cast(pa.int64()).cast(pa.string()))
    digits = _DIGITS[unit]
    padded = pc.utf8_lpad(rest.cast(pa.string()), digits, "0") if digits else rest.cast(pa.string())
    for least in range(3, digits, 3):
        short = pc.utf8_slice_codeunits(padded, 0, least)
        ends = pc.match_substring_regex(padded, f"^\\d{{{least}}}0+$")
        padded = pc.if_else(pc.and_(ends, pc.equal(pc.utf8_length(padded), digits)), short, padded)
    fraction = pc.if_else(pc.equal(rest, 0), "", pc.binary_join_element_wise(".", padded, ""))
    whole = pc.binary_join_element_wise(texts, fraction, "Z", "")
    return pc.coalesce(whole, aware.cast(pa.int64()).cast(pa.string()))


def _calendar(seconds: Array) -> Array:
    """Timestamps of whole seconds as texts; a cast takes a tenth of what ``strftime`` does."""
    return pc.binary_replace_slice(seconds.cast(pa.string()), 10, 11, "T")


def _seconds(aware: Array) -> Array:
    """Unix seconds as the nearest doubles, or texts where a division could not give those."""
    seconds, _, unit = _parts(aware)
    ticks = aware.cast(pa.int64())
    exact = pc.all(pc.less(pc.abs(pc.coalesce(ticks, 0)), 2**53)).as_py()
    if exact is not False and seconds.null_count == ticks.null_count:
        return pc.divide(ticks.cast(pa.float64()), float(_UNITS[unit]))
    values = [None if each is None else repr(each / _UNITS[unit]) for each in ticks.to_pylist()]
    return pa.array(values, pa.string())
