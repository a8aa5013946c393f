"""Inputs from a record that was read: their columns, and their states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from larder.event_time import NANOS, event_time_nanos, parse_event_time
from larder.groups.feature_group import FeatureGroup, FeatureType
from larder.models.instances import columns_of
from larder.models.lookup import Features
from larder.models.number_texts import floats
from larder.models.plan import Source
from larder.models.refusals import Refused, recreated, removed
from larder.models.scores import FeatureState, Status
from larder.models.served import Cell, ModelInput
from larder.records.codec import Value

Pick = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class Reader:
    """Reads one source's inputs from the records of a request's instances."""

    source: Source
    features: Features
    now_nanos: int
    _picks: dict[int, Pick | None] = field(default_factory=dict)

    def fill(self, identifier: str | None, vector: list[Cell]) -> str | None:
        """Fill in all inputs at once, if the record has them and they are plain numbers.

        Returns the record's event time, ``None`` where the inputs must be taken one by one.
        """
        source = self.source
        if not source.plain or identifier is None:
            return None
        record = self.features.records.get((source.group, identifier))
        if record is None or (pick := self._pick(record.group)) is None:
            return None
        try:
            numbers = floats(pick(record.row))
        except (IndexError, TypeError):  # a feature has no value
            return None
        if source.columns is not None:
            vector[source.columns] = numbers
        else:
            for place, number in zip(source.places, numbers, strict=True):
                vector[place.offset] = number
        return record.event_time

    def value(
        self, given: ModelInput, identifier: str | None
    ) -> tuple[Sequence[Cell] | None, FeatureState]:
        """One input's columns and state; raises ``Refused`` where the record was not read."""
        return _read(given, identifier, self.features, self.now_nanos)

    def _pick(self, group: FeatureGroup) -> Pick | None:
        """What takes the source's values out of a record of this state of the group."""
        if id(group) not in self._picks:
            now = self.features.groups.get(self.source.group)
            same = now is not None and now.uid == self.source.uid
            self._picks[id(group)] = _pick(group, self.source.features) if same else None
        return self._picks[id(group)]


def _pick(group: FeatureGroup, features: Sequence[str]) -> Pick | None:
    """``None`` where the group has lost one of the features."""
    if not group.removed.isdisjoint(features) or not group.ordinals.keys() >= set(features):
        return None
    ordinals = [group.ordinals[each] for each in features]
    if len(ordinals) > 1:
        return itemgetter(*ordinals)
    [only] = ordinals
    return lambda row: (row[only],)


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
    try:
        value, happened = record.value(given.feature), record.event_time
    except KeyError:
        raise removed(given) from None
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
        return floats(value)
    if given.type != FeatureType.STRING:
        return (float(value),)
    return columns_of(given, value, texts=False)


def _is_stale(given: ModelInput, group: FeatureGroup, happened: str, now_nanos: int) -> bool:
    kind = group.event_time_type
    age = now_nanos - event_time_nanos(parse_event_time(happened, kind), kind)
    return age > (given.max_age_seconds or 0) * NANOS
