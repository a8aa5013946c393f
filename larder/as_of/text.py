"""Names and values as Athena SQL writes them. Nothing reaches a statement but through here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from larder.errors import ValidationError
from larder.event_time import NANOS, nanos_to_iso
from larder.groups.feature_group import FeatureDefinition, FeatureType

_CATALOG_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,254}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_NANOS = -62_167_219_200 * NANOS
_FIRST_MICROS = -62_135_596_800_000_000
_LAST_MICROS = 253_402_300_799_999_999
_TYPES = {
    FeatureType.STRING: "VARCHAR",
    FeatureType.INTEGRAL: "BIGINT",
    FeatureType.FRACTIONAL: "DOUBLE",
}


def name(identifier: str) -> str:
    """A quoted identifier; quotes in it are doubled."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal; quotes in it are doubled, which is all that Trino's strings know."""
    return "'" + text.replace("'", "''") + "'"


def value_literal(value: str | int | float) -> str:
    """A value of a feature as a literal of its column's type."""
    if isinstance(value, str):
        return literal(value)
    return double(value) if isinstance(value, float) else f"CAST({value} AS BIGINT)"


def table_name(database: str, table: str) -> str:
    """A table of the catalog.

    Raises:
        ValidationError: a part is not a name that Glue's tables can have.
    """
    for part in (database, table):
        if _CATALOG_NAME.fullmatch(part) is None:
            raise ValidationError(
                f"{part[:100]!r} is no name of a database or table: lower-case letters, digits, "
                "_ and - are allowed"
            )
    return f"{name(database)}.{name(table)}"


def double(value: float) -> str:
    """A double, exactly."""
    return f"CAST({literal(repr(value))} AS DOUBLE)"


def timestamp(micros: int) -> str:
    """A UTC timestamp without zone of microseconds since the epoch, within the years 1-9999."""
    return f"TIMESTAMP {literal(moment(micros))}"


def moment(micros: int) -> str:
    """The text of ``timestamp``: a date and a time of day with six digits after the point."""
    within = min(max(micros, _FIRST_MICROS), _LAST_MICROS)
    instant = (_EPOCH + timedelta(microseconds=within)).replace(tzinfo=None)
    return instant.isoformat(" ", "microseconds")


def sortable(nanos: int) -> str:
    """An instant as text that sorts as instants do: seconds, then nine digits of nanoseconds.

    Before the year 0, where event times begin, it is the first instant of that year.
    """
    seconds, fraction = divmod(max(nanos, _FIRST_NANOS), NANOS)
    return f"{nanos_to_iso(seconds * NANOS)[:19]}{fraction:09d}"


def sql_type(feature: FeatureDefinition) -> str:
    """The type of a feature's column."""
    scalar = _TYPES[feature.type]
    return scalar if feature.collection is None else f"ARRAY({scalar})"
