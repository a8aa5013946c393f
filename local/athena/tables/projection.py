"""Partition projection: which of a location's files lie in the partitions a table projects.

Athena computes the partitions and reads those that exist; here the files that exist are matched
against the projection, which reads the same rows.
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from local.athena.errors import QueryFailed
from local.athena.language.joda import strftime_format

_NOW = re.compile(r"NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
_UNITS = {"WEEK": 604800, "DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}
_Check = Callable[[str], bool]


def is_projected(parameters: Mapping[str, str]) -> bool:
    """Whether the table's partitions are projected, registered ones then being ignored."""
    return parameters.get("projection.enabled", "").lower() == "true"


def template(parameters: Mapping[str, str], location: str, keys: Sequence[str]) -> str:
    """Where partitions lie, ``${key}`` standing for a value."""
    given = parameters.get("storage.location.template")
    return given or location.rstrip("/") + "/" + "/".join(f"{key}=${{{key}}}" for key in keys)


def matcher(
    parameters: Mapping[str, str], location: str, keys: Sequence[str], *, now: datetime
) -> Callable[[str], tuple[str, ...] | None]:
    """A function from a file's address to its partition's values, None outside the projection.

    ``now`` is naive UTC, as the ranges are.

    Raises:
        QueryFailed: a partition key has no usable projection.
    """
    checks = {key: _check(parameters, key, now) for key in keys}
    pattern = re.escape(template(parameters, location, keys).rstrip("/"))
    for key in keys:
        part = _date_pattern(parameters, key) or "[^/]+"
        pattern = pattern.replace(re.escape(f"${{{key}}}"), f"(?P<{key}>{part})", 1)
    regex = re.compile(pattern + "/.*")

    def values_of(file: str) -> tuple[str, ...] | None:
        match = regex.fullmatch(file)
        if match is None:
            return None
        values = tuple(match.group(key) for key in keys)
        inside = all(check(value) for check, value in zip(checks.values(), values, strict=True))
        return values if inside else None

    return values_of


def _check(parameters: Mapping[str, str], key: str, now: datetime) -> _Check:
    kind = _parameter(parameters, key, "type").lower()
    if kind == "injected":
        return lambda _: True
    if kind == "enum":
        values = [v.strip() for v in _parameter(parameters, key, "values").split(",")]
        return values.__contains__
    low, _, high = _parameter(parameters, key, "range").partition(",")
    if kind == "integer":
        return lambda value: value.isdigit() and int(low) <= int(value) <= int(high)
    if kind == "date":
        return _date_check(_parameter(parameters, key, "format"), low, high, now)
    raise _invalid(key, f"type {kind!r} is not enum, integer, date or injected")


def _date_check(pattern: str, low: str, high: str, now: datetime) -> _Check:
    form = strftime_format(pattern)
    first, last = _moment(low.strip(), form, now), _moment(high.strip(), form, now)

    def check(value: str) -> bool:
        try:
            return first <= datetime.strptime(value, form) <= last
        except ValueError:
            return False

    return check


def _moment(text: str, form: str, now: datetime) -> datetime:
    match = _NOW.fullmatch(text.upper())
    if match is None:
        return datetime.strptime(text, form)
    if not match[1]:
        return now
    amount = int(match[2]) * (1 if match[1] == "+" else -1)
    if match[3] in _UNITS:
        return now + timedelta(seconds=amount * _UNITS[match[3]])
    months = now.year * 12 + now.month - 1 + amount * (12 if match[3] == "YEAR" else 1)
    return now.replace(year=months // 12, month=months % 12 + 1, day=min(now.day, 28))


def _date_pattern(parameters: Mapping[str, str], key: str) -> str | None:
    """A date may span folders (``yyyy/MM/dd``), so its shape follows its format."""
    pattern = parameters.get(f"projection.{key}.format")
    if pattern is None or parameters.get(f"projection.{key}.type", "").lower() != "date":
        return None
    return re.sub(r"([A-Za-z])\1*", r"\\w+", re.escape(pattern).replace("'", ""))


def _parameter(parameters: Mapping[str, str], key: str, name: str) -> str:
    value = parameters.get(f"projection.{key}.{name}")
    if value is None:
        raise _invalid(key, f"table property projection.{key}.{name} is not set")
    return value


def _invalid(key: str, why: str) -> QueryFailed:
    return QueryFailed("HIVE_INVALID_METADATA", f"partition projection of column '{key}': {why}")
