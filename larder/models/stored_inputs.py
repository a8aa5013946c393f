"""Inputs from a record that was read: their columns, and their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from larder.event_time import NANOS, event_time_nanos, parse_event_time
from larder.groups.feature_group import FeatureGroup, FeatureType
from larder.models.instances import columns_of
from larder.models.lookup import Features
from larder.models.plan import Source
from larder.models.refusals import Refused, recreated, removed
from larder.models.scores import FeatureState, Status
from larder.models.served import Cell, ModelInput
from larder.records.codec import Value


@dataclass(frozen=True, slots=True)
class Reading:
    """One record of one instance: what was read of it."""

    source: Source
    identifier: str | None
    features: Features
    now_nanos: int

    def fill(self, vector: list[Cell]) -> str | None:
        """Fill in all inputs at once, if the record has them and they are plain numbers.

        Returns the record's event time, ``None`` where the inputs must be taken one by one.
        """
        source, identifier = self.source, self.identifier
        if source.plain is None or identifier is None:
            return None
        record = self.features.records.get((source.group, identifier))
        group = self.features.groups.get(source.group)
        if record is None or group is None or group.uid != source.uid:
            return None
        try:
            numbers = list(map(float, source.plain(record)))
        except (KeyError, TypeError):  # a feature is gone, or has no value
            return None
        if source.columns is not None:
            vector[source.columns] = numbers
        else:
            for place, number in zip(source.places, numbers, strict=True):
                vector[place.offset] = number
        return str(record[group.event_time_name])

    def value(self, given: ModelInput) -> tuple[Sequence[Cell] | None, FeatureState]:
        """One input's columns and state; raises ``Refused`` where the record was not read."""
        return _read(given, self.identifier, self.features, self.now_nanos)


def _read(
    given: ModelInput, identifier: str | None, features: Features, now_nanos: int
) -> tuple[Sequence[Cell] | None, FeatureState]:
    if identifier is None:
        return None, FeatureState(Status.MISSING, group=given.group)
    place = given.group, identifier
    group = features.groups.get(given.group)
    if group is not None and group.uid != given.group_uid:
        raise recreated(given.group)
    record = features.records.get(place)
    if record is None or group is None:
        _check_read(given, place, features)
        return None, FeatureState(Status.MISSING, group=given.group)
    if given.feature not in record:
        raise removed(given)
    value, happened = record[given.feature], str(record[group.event_time_name])
    state = FeatureState(Status.OK, value, happened, given.group)
    if value is None:
        state.status = Status.MISSING
        return None, state
    if given.max_age_seconds is not None and _is_stale(given, group, happened, now_nanos):
        state.status = Status.STALE
        return None, state
    columns = _stored(given, value)
    if columns is None:
        state.status = Status.MISSING
    return columns, state


def _check_read(given: ModelInput, place: tuple[str, str], features: Features) -> None:
    if place in features.unread:
        text = (
            f"The store refused to read record {place[1][:64]!r} of FeatureGroup {given.group} "
            f"for load; try again."
        )
        states = {given.name: FeatureState(Status.THROTTLED, group=given.group)}
        raise Refused("Throttled", text, 503, states)
    if error := features.errors.get(place):
        states = {given.name: FeatureState(Status.ERROR, group=given.group)}
        raise Refused(error.code, error.message, error.status, states)


def _stored(given: ModelInput, value: Value) -> Sequence[Cell] | None:
    """A stored value as columns: it was checked when it was written."""
    if isinstance(value, list):
        return [float(text) for text in value]
    if given.type != FeatureType.STRING:
        return (float(value),)
    return columns_of(given, value, texts=False)


def _is_stale(given: ModelInput, group: FeatureGroup, happened: str, now_nanos: int) -> bool:
    kind = group.event_time_type
    age = now_nanos - event_time_nanos(parse_event_time(happened, kind), kind)
    return age > (given.max_age_seconds or 0) * NANOS
