"""Event times: what is accepted, and how two of them compare.

A group's event-time feature is ``String`` (ISO-8601 UTC, ``yyyy-MM-dd'T'HH:mm:ssZ`` with up to nine
fraction digits) or ``Fractional`` (Unix seconds). Source: AWS, "Feature Store quotas, naming rules
and data types". Texts do not sort as instants (``…00Z`` after ``…00.5Z``). So each is turned into
an integer **key** that orders as its type orders:

* String: nanoseconds since the Unix epoch, exactly;
* Fractional: the IEEE-754 double that the text denotes, mapped to an integer of the same order. The
  offline table's column holds a double, and SQL compares it.

Keys of different types do not compare.
"""

from __future__ import annotations

import math
import re
import struct
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from larder.errors import ValidationError

NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAYS_400_YEARS = 146_097
_MIN_SECONDS = (date(1, 1, 1).toordinal() - 366 - _EPOCH_DAY) * 86_400  # the year 0 is leap
_MAX_SECONDS = (date(9999, 12, 31).toordinal() - _EPOCH_DAY + 1) * 86_400

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class EventTimeType(StrEnum):
    """The two feature types that an event time may have."""

    STRING = "String"
    FRACTIONAL = "Fractional"


def parse_event_time(text: str, kind: EventTimeType) -> int:
    """Return the ordering key of an event time.

    Raises:
        ValidationError: the text is not of the type's form, or lies outside the years 0000-9999.
    """
    return _parse_iso(text) if kind is EventTimeType.STRING else _parse_seconds(text)


def event_time_nanos(key: int, kind: EventTimeType) -> int:
    """Nanoseconds since the epoch of a key; for Fractional, of the double's exact value."""
    if kind is EventTimeType.STRING:
        return key
    numerator, denominator = key_to_double(key).as_integer_ratio()
    return numerator * NANOS // denominator


def key_to_double(key: int) -> float:
    """The double that a Fractional key represents."""
    bits = key if key >= 0 else -key | (1 << 63)
    return float(struct.unpack(">d", struct.pack(">Q", bits))[0])


def nanos_to_iso(nanos: int) -> str:
    """Format an instant as ISO-8601 UTC, with 0, 3, 6 or 9 fraction digits as it needs.

    Instants after the year 9999 (an expiry may lie there) are shown as the last one of that year.
    """
    seconds, fraction = divmod(nanos, NANOS)
    if seconds >= _MAX_SECONDS:
        return "9999-12-31T23:59:59.999999999Z"
    days, second = divmod(seconds, 86_400)
    ordinal = days + _EPOCH_DAY
    shifted = ordinal < 1
    day = date.fromordinal(ordinal + _DAYS_400_YEARS if shifted else ordinal)
    year = day.year - 400 if shifted else day.year
    clock = str(timedelta(seconds=second)).zfill(8)
    tail = f".{fraction:09d}" if fraction else ""
    while tail.endswith("000"):
        tail = tail[:-3]
    return f"{year:04d}-{day.month:02d}-{day.day:02d}T{clock}{tail}Z"


def iso_seconds(micros: int) -> str:
    """An instant of microseconds since the epoch, in ISO 8601 with whole seconds."""
    return f"{_EPOCH + timedelta(microseconds=micros):%Y-%m-%dT%H:%M:%SZ}"


def iso_millis(micros: int) -> str:
    """An instant of microseconds since the epoch, in ISO 8601 with milliseconds."""
    at = _EPOCH + timedelta(microseconds=micros)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _parse_iso(text: str) -> int:
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValidationError(
            f"Event time {text[:64]!r} is not ISO-8601 in UTC: use yyyy-MM-dd'T'HH:mm:ssZ with at "
            "most nine fraction digits, for example 2024-01-31T12:00:00.5Z."
        )
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if hour > 23 or minute > 59 or second > 59:
        raise ValidationError(f"Event time {text!r} has no such time of day.")
    try:  # the year 0 exists in the accepted range but not in Python; 400 has the same calendar
        days = date(year or 400, month, day).toordinal() - _EPOCH_DAY
    except ValueError as error:
        raise ValidationError(f"Event time {text!r} has no such day: {error}.") from error
    if year == 0:
        days -= _DAYS_400_YEARS
    fraction = match[7]
    nanos = int(fraction.ljust(9, "0")) if fraction else 0
    return (days * 86_400 + hour * 3600 + minute * 60 + second) * NANOS + nanos


def _parse_seconds(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValidationError(
            f"Event time {text[:64]!r} is not a number: a Fractional event time is Unix seconds, "
            "for example 1700000000.5."
        )
    seconds = float(text)
    if math.isinf(seconds) or not _MIN_SECONDS <= seconds < _MAX_SECONDS:
        raise ValidationError(
            f"Event time {text[:64]!r} lies outside the years 0000 to 9999: a Fractional event "
            "time is Unix seconds, not milliseconds or nanoseconds."
        )
    bits = int(struct.unpack(">q", struct.pack(">d", seconds + 0.0))[0])
    return bits if bits >= 0 else -(bits & ((1 << 63) - 1))
