"""From a shard's records to the model's columns, as an invocation fills them.

A specification of plain numbers is filled column by column. Any other one is filled record by
record, by the very code of InvokeEndpoint. Both give the same columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from larder.event_time import NANOS
from larder.groups.feature_group import FeatureGroup
from larder.models.instances import Instance
from larder.models.lookup import Features, Record, Wanted
from larder.models.plan import Place, Plan, plan_of
from larder.models.refusals import Refused, lacking
from larder.models.scores import FeatureState, Status
from larder.models.served import Cell, Missing
from larder.models.vectors import Filler, by_policy, planned
from larder.predictions.pin import Pin
from larder.records.codec import Value


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A plain number: column ``f<place>`` of the records is column ``offset`` of the model's.

    ``missing`` is what a null counts as; where it is ``None``, the record is refused.
    """

    place: int
    offset: int
    missing: float | None
    name: str


def number_columns(pin: Pin) -> list[NumberColumn] | None:
    """The model's columns, where all of them are plain numbers of any age."""
    plan = plan_of(pin.features)
    if not all(source.plain for source in plan.sources):
        return None
    at = {each.name: place for place, each in enumerate(pin.read)}
    return [
        NumberColumn(at[each.input.feature], each.offset, _missing(each), each.input.name)
        for source in plan.sources
        for each in source.places
    ]


def refusal_of(pin: Pin, names: Sequence[str]) -> Refused:
    """Why a record without these inputs is refused, in InvokeEndpoint's words."""
    states = {each: FeatureState(Status.MISSING, group=pin.source) for each in names}
    return lacking(states)


@dataclass(slots=True)
class RecordFiller:
    """Fills records one by one; ``group`` is the feature group that the pin names."""

    pin: Pin
    group: FeatureGroup

    def filled(self, rows: Iterator[Sequence[object]]) -> Iterator[list[Cell] | Refused]:
        """The model's columns of each record, whose values are those of ``pin.read``."""
        plan = plan_of(self.pin.features)
        for row in rows:
            try:
                yield self._vector(plan, row)
            except Refused as refusal:
                yield refusal

    def _vector(self, plan: Plan, row: Sequence[object]) -> list[Cell]:
        identifier = str(row[0])
        fields = {source.key: identifier for source in plan.sources}
        instance = Instance(fields=fields)
        found = planned(self.pin.model, instance, plan.fields, Wanted())
        records = {(self.pin.source, identifier): Record(self._record(row), self.group)}
        features = Features(records, groups={self.pin.source: self.group})
        return Filler(features, self.pin.as_of * (NANOS // 1_000_000)).filled(found).vector

    def _record(self, row: Sequence[object]) -> list[Value | None]:
        """The row as the online store has it: texts by ordinal."""
        record: list[Value | None] = [None] * len(self.group.features)
        for feature, value in zip(self.pin.read, row, strict=True):
            record[self.group.ordinals[feature.name]] = _text(value)
        return record


def _missing(place: Place) -> float | None:
    if place.input.missing is Missing.FAIL:
        return None
    columns, _ = by_policy(place.input, FeatureState(Status.MISSING))
    return float(columns[0])


def _text(value: object) -> Value | None:
    if value is None:
        return None
    if isinstance(value, list):
        return [str(each) if isinstance(each, str) else repr(each) for each in value]
    return value if isinstance(value, str) else repr(value)
