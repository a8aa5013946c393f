"""One record as the online store, the history and the source have it, in the same values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from larder.event_time import EventTimeType, event_time_nanos, parse_event_time
from larder.groups.feature_group import FeatureGroup
from larder.pipelines.consistency.compare import Row
from larder.pipelines.consistency.ports import Rows
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.documents import instant
from larder.pipelines.sql.source import Key
from larder.records.codec import unpack
from larder.records.feature_values import canonical_identifier, typed_value
from larder.records.record import RecordVersion

Order = tuple[int, bool, int]
"""How versions of a record compare, as ``RecordVersion.order`` does."""


@dataclass(frozen=True, slots=True)
class HistoryVersion:
    """The newest version of a record in the history.

    ``key`` is the identifier in its type. ``event_nanos`` counts from the epoch, ``write_time`` is
    in microseconds. A deletion, which is ``gone``, has an empty ``row``.
    """

    key: Key
    order: Order
    event_nanos: int
    write_time: int
    gone: bool
    row: Row


def history_versions(group: FeatureGroup, rows: Rows) -> dict[str, HistoryVersion]:
    """The versions that ``larder.as_of.sample.newest_query`` gave, by the identifier's text."""
    return {key_text(group, row["k"]): _version(group, row) for row in rows}


def _version(group: FeatureGroup, row: Mapping[str, Any]) -> HistoryVersion:
    values = {each.name: row[f"f{place}"] for place, each in enumerate(group.features)}
    kind, written = group.event_time_type, sortable_nanos(row["w"]) // 1000
    event = event_key(values[group.event_time_name], kind)
    gone = bool(row["gone"])
    return HistoryVersion(
        key=row["k"],
        order=(event, not gone, written),
        event_nanos=event_time_nanos(event, kind),
        write_time=written,
        gone=gone,
        row={} if gone else _without_none(values, compared(group)),
    )


def online_row(group: FeatureGroup, version: RecordVersion) -> Row:
    """The values of an online version, typed; features added later are absent."""
    packed = unpack(version.packed)
    found = {
        feature.name: typed_value(feature, value)
        for feature, value in zip(group.features, packed, strict=False)
        if value is not None
    }
    return _without_none(found, compared(group))


def source_rows(pipeline: Pipeline, group: FeatureGroup, rows: Rows) -> dict[str, Row]:
    """The rows that a pipeline's statement gave, by the identifier's text."""
    names = {each.name.lower(): each.name for each in pipeline.features}
    key = pipeline.identifier.lower()
    found = {}
    for row in rows:
        lowered = {name.lower(): value for name, value in row.items()}
        values = {names[name]: value for name, value in lowered.items() if name in names}
        found[key_text(group, lowered[key])] = _without_none(values, names.values())
    return found


def compared(group: FeatureGroup) -> list[str]:
    """The features that are compared: all but the identifier and the event time."""
    own = (group.record_identifier_name, group.event_time_name)
    return [each.name for each in group.features if each.name not in own]


def key_text(group: FeatureGroup, key: Key) -> str:
    """The text by which the group's records differ."""
    feature = group.features[group.ordinals[group.record_identifier_name]]
    return canonical_identifier(feature, key if isinstance(key, str) else repr(key))


def event_key(value: str | float, kind: EventTimeType) -> int:
    """The ordering key of an event time as the history has it."""
    return parse_event_time(value if isinstance(value, str) else repr(float(value)), kind)


def sortable_nanos(text: str) -> int:
    """Nanoseconds since the epoch of a text that sorts as instants do (``larder.as_of.text``)."""
    return instant("write_time", f"{text[:19]}+00:00") * 1000 + int(text[19:])


def _without_none(values: Mapping[str, Any], names: Any) -> Row:  # noqa: ANN401 - any iterable
    return {name: values[name] for name in names if values.get(name) is not None}
