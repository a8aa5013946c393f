"""Why a row is not taken, in the terms of its source: which column, which value, and the cure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from larder.errors import ValidationError
from larder.event_time import EventTimeType, parse_event_time
from larder.groups.feature_group import FeatureDefinition, FeatureGroup, FeatureType
from larder.records.record import MAX_IDENTIFIER_BYTES
from larder.records.values import checked_features, slot_of

_LOCAL = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: the feature's ordinal, if it is one's fault, why, and the cure."""

    ordinal: int | None
    reason: str
    cure: str


def fault(
    group: FeatureGroup, values: Mapping[int, object], error: ValidationError, zone: str | None
) -> Fault:
    """The fault of a row that was refused with ``error``; ``values`` are as PutRecord has them."""
    ordinal = _blamed(group, values)
    if ordinal is None:
        return Fault(None, str(error), "make the row smaller, or leave columns out (--map COLUMN=)")
    feature, value = group.features[ordinal], values.get(ordinal)
    if value is None:
        return Fault(ordinal, str(error), "fill the cell, or leave the row out")
    if feature.name != group.event_time_name:
        return Fault(ordinal, str(error), _cure(group, feature, value))
    if isinstance(value, str) and _LOCAL.fullmatch(value):
        return Fault(ordinal, *_local(value, zone))
    is_text = group.event_time_type is EventTimeType.STRING
    example = "2024-01-31T12:00:00Z" if is_text else "Unix seconds, such as 1706702400.5"
    return Fault(ordinal, str(error), f"write {example}")


def map_option(column: str, feature: str = "") -> str:
    """The option that names a column's feature, or leaves it out, as a shell takes it."""
    return f"--map {shlex.quote(f'{column}={feature}')}"


def _local(value: str, zone: str | None) -> tuple[str, str]:
    if zone is None:
        return (
            f"Event time {value!r} has no time zone, so it is unknown which instant it is; "
            "--time-zone says which zone such times are in.",
            "say which zone such times are in (--time-zone UTC), or write them in UTC with Z",
        )
    return (
        f"Event time {value!r} is no instant in the zone {zone} (--time-zone): the zone has it "
        "twice or never, or there is no such day.",
        "write that time in UTC, with Z at its end",
    )


def _blamed(group: FeatureGroup, values: Mapping[int, object]) -> int | None:
    for ordinal, value in values.items():
        if value is not None and not _is_taken(group, ordinal, value):
            return ordinal
    for name, is_one in (
        (group.record_identifier_name, _is_identifier),
        (group.event_time_name, _is_event_time),
    ):
        value = values.get(group.ordinals[name])
        if not isinstance(value, str) or not is_one(group, value):
            return group.ordinals[name]
    return None


def _is_taken(group: FeatureGroup, ordinal: int, value: object) -> bool:
    try:
        checked_features(group, [(group.features[ordinal].name, value)])
    except ValidationError:
        return False
    return True


def _is_identifier(group: FeatureGroup, value: str) -> bool:
    try:
        slot_of(group, value)
    except ValidationError:
        return False
    return True


def _is_event_time(group: FeatureGroup, value: str) -> bool:
    try:
        parse_event_time(value, group.event_time_type)
    except ValidationError:
        return False
    return True


def _cure(group: FeatureGroup, feature: FeatureDefinition, value: object) -> str:
    if feature.collection is not None:
        size = f" of {feature.dimension} values" if feature.dimension else ""
        return f"give a list{size}, each {feature.type}, or leave the cell empty"
    if isinstance(value, str) and _COMMA.fullmatch(value):
        return "write a decimal point in place of the comma"
    if feature.type is FeatureType.INTEGRAL:
        return "write a whole number of 64 bits, or leave the cell empty"
    if feature.type is FeatureType.FRACTIONAL:
        return "write a finite number with a decimal point, or leave the cell empty"
    if feature.name == group.record_identifier_name:
        return f"write an identifier of 1 to {MAX_IDENTIFIER_BYTES} bytes"
    return "write one text in UTF-8, or leave the cell empty"
