"""Label times as Arrow columns: instants, never local times, in the forms that SQL compares."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.as_of.oracle import nanos_of, seconds_not_after, seconds_not_before
from larder.as_of.text import sortable as text_of
from larder.errors import ValidationError
from larder.event_time import NANOS
from larder.tabular.zones import in_zone, is_local, zone_of

_INSTANT = pa.timestamp("ns", "UTC")
_LEAST = -(2**63) + NANOS
Array = Any  # pyarrow is untyped


def instants(column: Array, name: str, zone: str | None, first_row: int) -> Array:
    """Nanoseconds since the epoch (int64) of a column of label times.

    ``zone`` is what times without one are in; ``first_row`` the number of the first, for messages.

    Raises:
        ValidationError: a time is missing, has no zone, or is malformed.
    """
    if column.null_count:
        row = first_row + pc.index(pc.is_null(column), True).as_py()
        raise ValidationError(
            f"label column {name!r} has no time in {column.null_count} rows, the first is row "
            f"{row}: drop those rows"
        )
    if zone is not None:
        zone_of(zone)
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _of_timestamps(column, name, zone)
    if pa.types.is_string(kind):
        return _of_texts(column, name, zone, first_row)
    raise ValidationError(
        f"label column {name!r} holds {kind}, not instants: give timestamps with a time zone or "
        "ISO-8601 texts such as 2024-01-31T12:00:00Z"
    )


def sortable(nanos: Array) -> Array:
    """The instants as ``larder.as_of.text.sortable`` writes them."""
    moments = nanos.cast(pa.timestamp("ns"))
    seconds = pc.floor_temporal(moments, unit="second")
    fraction = pc.subtract(nanos, seconds.cast(pa.int64()))
    digits = pc.utf8_lpad(fraction.cast(pa.string()), 9, "0")
    texts = pc.strftime(seconds.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(texts, digits, "")


def doubles(nanos: Array) -> Array:
    """The greatest double, as Unix seconds, at or before each instant."""
    return pa.array([seconds_not_after(each) for each in nanos.to_pylist()], pa.float64())


def sortable_before(nanos: Array, look_back: int) -> Array:
    """``sortable`` of the instants that long before."""
    if len(nanos) and pc.min(nanos).as_py() - look_back < _LEAST:
        starts = [text_of(each - look_back) for each in nanos.to_pylist()]
        return pa.array(starts, pa.string())
    return sortable(pc.subtract(nanos, pa.scalar(look_back if len(nanos) else 0, pa.int64())))


def doubles_before(nanos: Array, look_back: int) -> Array:
    """The least double, as Unix seconds, at or after the instants that long before."""
    starts = [seconds_not_before(each - look_back) for each in nanos.to_pylist()]
    return pa.array(starts, pa.float64())


def _of_timestamps(column: Array, name: str, zone: str | None) -> Array:
    if column.type.tz is None:
        if zone is None:
            raise ValidationError(
                f"label column {name!r} holds times without a time zone, so it is unknown which "
                "instants they are: make them aware, or say which zone all label times are in "
                "(--time-zone UTC)"
            )
        column = _assume(column, name, zone)
    try:
        return column.cast(_INSTANT).cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise _outside(name) from error


def _assume(column: Array, name: str, zone: str) -> Array:
    try:
        return pc.assume_timezone(column, zone, ambiguous="raise", nonexistent="raise")
    except pa.ArrowInvalid as error:
        raise ValidationError(f"label column {name!r}, taken as {zone} time: {error}") from error


def _of_texts(column: Array, name: str, zone: str | None, first_row: int) -> Array:
    try:
        return column.cast(_INSTANT).cast(pa.int64())
    except pa.ArrowInvalid:
        pass  # what Arrow does not read is read one by one, or named
    if zone is not None:
        try:
            return _of_timestamps(column.cast(pa.timestamp("ns")), name, zone)
        except pa.ArrowInvalid:
            column = in_zone(column, zone)
    nanos = []
    for number, text in enumerate(column.to_pylist(), first_row):
        try:
            nanos.append(nanos_of(text))
        except ValidationError as error:
            zones = ", or say which zone all label times are in (--time-zone UTC)"
            cure = zones if zone is None and is_local(text) else ""
            raise ValidationError(f"label column {name!r}, row {number}: {error}{cure}") from error
    try:
        return pa.array(nanos, pa.int64())
    except (pa.ArrowInvalid, OverflowError) as error:
        raise _outside(name) from error


def _outside(name: str) -> ValidationError:
    return ValidationError(
        f"label column {name!r} has a time outside 1677-09-22 to 2262-04-11, which 64 bits of "
        "nanoseconds do not hold"
    )
