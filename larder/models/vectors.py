"""From an instance and what was read for it to the model's columns, with each input's status."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

from larder.models.instances import BadValue, Instance, columns_of, identifier_of, vector_of
from larder.models.lookup import Features, Wanted
from larder.models.plan import Place, Plan, Source, plan_of
from larder.models.refusals import Refused, States, lacking, not_finite, unknown
from larder.models.scores import FeatureState, Status
from larder.models.served import Cell, Missing, ModelInput, Runtime, ServedModel, SourceKind
from larder.models.stored_inputs import Reader


@dataclass(slots=True)
class Row:
    """One instance for one model.

    ``identifiers`` are those of the records of the plan's sources. ``None`` means no record: the
    key field is null, or the request gives all inputs itself.
    """

    model: ServedModel
    instance: Instance
    plan: Plan | None = None
    identifiers: Sequence[str | None] = ()


@dataclass(slots=True)
class Filled:
    """A model's columns for one instance, and the states of inputs that are worth saying.

    ``event_times`` are those of the records that were read, by group and key field.
    """

    vector: list[Cell]
    states: States = field(default_factory=dict)
    event_times: dict[str, str] = field(default_factory=dict)
    lacking: States = field(default_factory=dict)


def planned(model: ServedModel, instance: Instance, known: frozenset[str], wanted: Wanted) -> Row:
    """The row of an instance, whose records are added to ``wanted``.

    ``known`` are the fields that the endpoint's models know. Another one is refused: it is a
    typing error, or meant for another endpoint.

    Raises:
        Refused: a field is unknown or missing, or an identifier is no text and no number.
    """
    fields, spec = instance.fields, model.features
    if fields is None:
        return Row(model, instance)
    if spec is None:
        raise Refused(
            "InvalidInput",
            f"Model {model.name} has no feature specification: send whole vectors of "
            f"{model.width} numbers, or create the model with a larder/features.json.",
        )
    names = fields.keys()
    if not names <= known:
        raise unknown(names - known, known)
    plan = plan_of(spec)
    identifiers: list[str | None] = []
    for source in plan.sources:
        all_given = len(source.names) <= len(names) and source.names <= names
        identifier = None if all_given else _identifier(source, fields)
        if identifier is not None:
            wanted.add(source.group, identifier)
        identifiers.append(identifier)
    return Row(model, instance, plan, identifiers)


@dataclass(slots=True)
class Filler:
    """Gives the rows of a request their columns, by what was read for all of them.

    With ``all_states``, inputs that are OK have a state too.
    """

    features: Features
    now_nanos: int
    all_states: bool = False
    _readers: dict[int, Reader] = field(default_factory=dict)

    def filled(self, row: Row) -> Filled:
        """The columns of a row.

        Raises:
            Refused: an input has no value and its policy is to fail, or its record was not read.
        """
        if row.instance.vector is not None:
            return Filled(_whole_vector(row.model, row.instance.vector))
        plan, fields = row.plan, row.instance.fields
        assert plan is not None and fields is not None, "planned() has seen to it"  # noqa: S101
        result = Filled([nan] * plan.width)
        for place in plan.request:
            columns, state = _given(place.input, row.instance)
            _put(result, place, columns, state, self.all_states)
        for source, identifier in zip(plan.sources, row.identifiers, strict=True):
            reader, happened = self._reader(source), None
            if not self.all_states and source.names.isdisjoint(fields):
                happened = reader.fill(identifier, result.vector)
            if happened is None:
                self._fill_slowly(result, reader, identifier, row.instance)
            else:
                result.event_times[source.name] = happened
        _check(row.model, result)
        return result

    def _reader(self, source: Source) -> Reader:
        reader = self._readers.get(id(source))
        if reader is None:
            reader = self._readers[id(source)] = Reader(source, self.features, self.now_nanos)
        return reader

    def _fill_slowly(
        self, result: Filled, reader: Reader, identifier: str | None, instance: Instance
    ) -> None:
        """Input by input: some are given, missing, of an age, or to be described."""
        fields = instance.fields or {}
        for place in reader.source.places:
            if place.input.name in fields:
                columns, state = _given(place.input, instance)
            else:
                columns, state = reader.value(place.input, identifier)
                if state.event_time is not None:
                    result.event_times[reader.source.name] = state.event_time
            _put(result, place, columns, state, self.all_states)


def _check(model: ServedModel, result: Filled) -> None:
    if result.lacking:
        raise lacking(result.lacking)
    if not takes_nan(model) and not all(map(_is_finite, result.vector)):
        raise not_finite(model)


def _put(
    result: Filled,
    place: Place,
    columns: Sequence[Cell] | None,
    state: FeatureState,
    all_states: bool,
) -> None:
    given = place.input
    if columns is None:
        if given.missing is Missing.FAIL:
            result.lacking[given.name] = state
            return
        columns, state = by_policy(given, state)
    result.vector[place.offset : place.offset + given.size] = columns
    if all_states or state.status is not Status.OK:
        result.states[given.name] = state


def _given(given: ModelInput, instance: Instance) -> tuple[Sequence[Cell] | None, FeatureState]:
    value = (instance.fields or {}).get(given.name)
    try:
        columns = columns_of(given, value, texts=instance.texts)
    except BadValue as error:
        raise Refused("InvalidInput", str(error)) from None
    if columns is None:
        return None, FeatureState(Status.MISSING)
    from_group = given.source is SourceKind.FEATURE_GROUP
    return columns, FeatureState(Status.OVERRIDDEN if from_group else Status.OK, value)


def by_policy(given: ModelInput, state: FeatureState) -> tuple[Sequence[Cell], FeatureState]:
    """The columns and the state of an input without a value, whose policy is not to fail."""
    if given.missing is Missing.NAN:
        return [nan] * given.size, state
    if state.status is Status.MISSING:
        state.status = Status.DEFAULTED
    if isinstance(given.default, str) and given.is_text:
        return (given.default,), state
    if isinstance(given.default, str):
        return (float(given.categories.index(given.default)),), state
    return [float(given.default or 0.0)] * given.size, state


def _is_finite(cell: Cell) -> bool:
    return isinstance(cell, str) or math.isfinite(cell)


def _whole_vector(model: ServedModel, values: Sequence[object]) -> list[Cell]:
    if model.features is not None and any(each.is_text for each in model.features.inputs):
        raise Refused(
            "InvalidInput",
            f"Model {model.name} takes texts, which a whole vector has no place for: send an "
            f"object by field.",
        )
    try:
        row = vector_of(values)
    except BadValue as error:
        raise Refused("InvalidInput", str(error)) from None
    short = len(row) < model.width and model.runtime is not Runtime.XGBOOST
    if short or len(row) > model.width:
        raise Refused(
            "InvalidInput",
            f"Unable to evaluate payload provided: the vector has {len(row)} values, the model "
            f"takes {model.width}.",
        )
    row.extend([nan] * (model.width - len(row)))
    if not takes_nan(model) and not all(map(math.isfinite, row)):
        raise not_finite(model)
    return list[Cell](row)


def takes_nan(model: ServedModel) -> bool:
    """ONNX models may answer wrongly to NaN without an error; their parity must be proven."""
    return model.runtime is not Runtime.ONNX or (
        model.features is not None and model.features.nan_safe
    )


def _identifier(source: Source, fields: Mapping[str, object]) -> str | None:
    if source.key not in fields:
        lacking = next(name for name in sorted(source.names) if name not in fields)
        raise Refused(
            "InvalidInput",
            f"The instance lacks field {source.key!r}, the record identifier in FeatureGroup "
            f"{source.group}: send it, send {lacking!r} itself, or send null for no record.",
        )
    try:
        return identifier_of(source.key, fields[source.key])
    except BadValue as error:
        raise Refused("InvalidInput", str(error)) from None
