"""DuckDB's values as Athena writes them in results."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from duckdb.sqltypes import DuckDBPyType

Value = object
Writer = Callable[[Value], str | None]


def writer(kind: DuckDBPyType, digits: int | None = None) -> Writer:
    """How to write a column's values; None stays None.

    ``digits`` are the fraction digits of its times; None where their type is not known.
    """
    if kind.id == "float":
        return _float
    return lambda value: text(value, digits)


def text(value: Value, digits: int | None = None) -> str | None:  # noqa: PLR0911 - by type
    """A value as Athena writes it in results."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return _double(value, repr(value))
        case Decimal():
            return format(value, "f")
        case datetime():
            return _timestamp(value, digits)
        case bytes() | bytearray():
            return " ".join(f"{byte:02x}" for byte in value)
        case timedelta():
            return _interval(value)
        case time():
            return value.isoformat(timespec="milliseconds")
        case int() | str() | date() | UUID():
            return str(value)
        case _:
            return _nested(value, digits)


def _nested(value: Value, digits: int | None) -> str:
    def inner(part: Value) -> str:
        written = text(part, digits)
        return "null" if written is None else written

    if isinstance(value, dict):
        return "{" + ", ".join(f"{inner(k)}={inner(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):  # a row without field names
        return "{" + ", ".join(f"field{i}={inner(v)}" for i, v in enumerate(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inner, value)) + "]"
    return str(value)


def _timestamp(value: datetime, digits: int | None) -> str:
    """As many digits as the type has; without one, three, or six where nothing else suffices."""
    if digits is None:
        digits = 6 if value.microsecond % 1000 else 3
    fraction = f"{value.microsecond:06d}000"[:digits]
    zone = " UTC" if value.tzinfo else ""
    seconds = f"{value:%Y-%m-%d %H:%M:%S}".rjust(19, "0")
    return f"{seconds}{'.' if digits else ''}{fraction}{zone}"


def _double(value: float, shortest: str) -> str:
    """As Java's Double.toString: exponents below 1e-3 and from 1e7 on."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return shortest if "e" not in shortest else format(Decimal(shortest), "f")
    sign, digits, exponent = Decimal(shortest).normalize().as_tuple()
    mantissa = f"{digits[0]}.{''.join(map(str, digits[1:])) or '0'}"
    return f"{'-' if sign else ''}{mantissa}E{int(exponent) + len(digits) - 1}"


def _float(value: Value) -> str | None:
    """A 32-bit float with the fewest digits that give it back."""
    if not isinstance(value, float):
        return text(value)
    packed = struct.pack("f", value)
    forms = (f"{value:.{digits}g}" for digits in range(1, 10))
    shortest = next((f for f in forms if struct.pack("f", float(f)) == packed), repr(value))
    return _double(value, shortest if "." in shortest or "e" in shortest else shortest + ".0")


def _interval(value: timedelta) -> str:
    milliseconds = abs(value) // timedelta(milliseconds=1)
    days, rest = divmod(milliseconds, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    sign = "-" if value < timedelta(0) else ""
    return f"{sign}{days} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
