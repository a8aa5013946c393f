"""From an instance and what was read for it to the model's columns, with each input's status."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import nan

from larder.event_time import NANOS, event_time_nanos, parse_event_time
from larder.groups.feature_group import FeatureGroup, FeatureType
from larder.models.instances import BadValue, Instance, columns_of, identifier_of, vector_of
from larder.models.lookup import Features, Wanted
from larder.models.scores import FeatureState, Filled, InstanceError, Status
from larder.models.served import Missing, ModelInput, Runtime, ServedModel, SourceKind
from larder.records.codec import Value

States = dict[str, FeatureState]


class Refused(Exception):
    """This instance can't be scored; ``states`` are of the inputs that are the reason."""

    def __init__(
        self, code: str, message: str, status: int = 400, states: States | None = None
    ) -> None:
        super().__init__(message)
        self.error = InstanceError(code, message, status)
        self.states = states or {}


@dataclass(frozen=True, slots=True)
class Row:
    """One instance for one model, with the record identifier of each key field.

    An identifier is ``None`` where its field is null: there is no record to read.
    """

    model: ServedModel
    instance: Instance
    identifiers: dict[str, str | None] = field(default_factory=dict)


def planned(model: ServedModel, instance: Instance, known: frozenset[str], wanted: Wanted) -> Row:
    """The row of an instance, whose records are added to ``wanted``.

    ``known`` are the fields that the endpoint's models know. Another one is refused: it is a
    typing error, or meant for another endpoint.

    Raises:
        Refused: a field is unknown or missing, or an identifier is no text and no number.
    """
    fields, spec = instance.fields, model.features
    row = Row(model, instance)
    if fields is None:
        return row
    if spec is None:
        raise Refused(
            "InvalidInput",
            f"Model {model.name} has no feature specification: send whole vectors of "
            f"{model.width} numbers, or create the model with a larder/features.json.",
        )
    if not fields.keys() <= known:
        raise _unknown(fields.keys() - known, known)
    for each in spec.inputs:
        if each.source is SourceKind.FEATURE_GROUP and each.name not in fields:
            if each.key not in row.identifiers:
                row.identifiers[each.key] = _identifier(each, fields)
            identifier = row.identifiers[each.key]
            if identifier is not None:
                wanted.add(each.group, identifier)
    return row


def filled(row: Row, features: Features, now_nanos: int, *, all_states: bool) -> Filled:
    """The columns of a row. With ``all_states``, inputs that are OK have a state too.

    Raises:
        Refused: an input has no value and its policy is to fail, or its record was not read.
    """
    if row.instance.vector is not None:
        return Filled(_whole_vector(row.model, row.instance.vector))
    spec = row.model.features
    assert spec is not None, "planned() has seen to it"  # noqa: S101
    result, lacking = Filled([]), States()
    for each in spec.inputs:
        columns, state = _input(each, row, features, now_nanos)
        if state.event_time is not None:
            result.event_times[each.group, each.key] = state.event_time
        if columns is None:
            if each.missing is Missing.FAIL:
                lacking[each.name] = state
                continue
            columns, state = _by_policy(each, state)
        result.vector.extend(columns)
        if all_states or state.status is not Status.OK:
            result.states[each.name] = state
    if lacking:
        raise _lacking(lacking)
    if not takes_nan(row.model) and not all(map(math.isfinite, result.vector)):
        raise _not_finite(row.model)
    return result


def _input(
    given: ModelInput, row: Row, features: Features, now_nanos: int
) -> tuple[Sequence[float] | None, FeatureState]:
    fields = row.instance.fields or {}
    from_group = given.source is SourceKind.FEATURE_GROUP
    if from_group and given.name not in fields:
        return _read(given, row.identifiers[given.key], features, now_nanos)
    value = fields.get(given.name)
    try:
        columns = columns_of(given, value, texts=row.instance.texts)
    except BadValue as error:
        raise Refused("InvalidInput", str(error)) from None
    if columns is None:
        return None, FeatureState(Status.MISSING)
    return columns, FeatureState(Status.OVERRIDDEN if from_group else Status.OK, value)


def _read(
    given: ModelInput, identifier: str | None, features: Features, now_nanos: int
) -> tuple[Sequence[float] | None, FeatureState]:
    if identifier is None:
        return None, FeatureState(Status.MISSING, group=given.group)
    place = given.group, identifier
    group = features.groups.get(given.group)
    if group is not None and group.uid != given.group_uid:
        raise _recreated(given.group)
    record = features.records.get(place)
    if record is None or group is None:
        _check_read(given, place, features)
        return None, FeatureState(Status.MISSING, group=given.group)
    value, happened = record.get(given.feature), str(record[group.event_time_name])
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


def _recreated(name: str) -> Refused:
    text = (
        f"FeatureGroup {name} was deleted and created again after the model was created: create "
        f"the model again, and an endpoint configuration with it."
    )
    return Refused("FeatureGroupChanged", text, 404)


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


def _stored(given: ModelInput, value: Value) -> Sequence[float] | None:
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


def _by_policy(given: ModelInput, state: FeatureState) -> tuple[Sequence[float], FeatureState]:
    if given.missing is Missing.NAN:
        return [nan] * given.size, state
    if state.status is Status.MISSING:
        state.status = Status.DEFAULTED
    if isinstance(given.default, str):
        return (float(given.categories.index(given.default)),), state
    return [float(given.default or 0.0)] * given.size, state


def _whole_vector(model: ServedModel, values: Sequence[object]) -> list[float]:
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
        raise _not_finite(model)
    return row


def takes_nan(model: ServedModel) -> bool:
    """ONNX models may answer wrongly to NaN without an error; their parity must be proven."""
    return model.runtime is not Runtime.ONNX or (
        model.features is not None and model.features.nan_safe
    )


def _not_finite(model: ServedModel) -> Refused:
    return Refused(
        "InvalidInput",
        f"Model {model.name} is not known to take missing or infinite values: send finite numbers, "
        f'or give its inputs defaults, or state "nan_safe" with a parity file.',
    )


def _lacking(states: Mapping[str, FeatureState]) -> Refused:
    stale = all(state.status is Status.STALE for state in states.values())
    looked_up = any(state.group for state in states.values())
    names = ", ".join(states)
    if not looked_up:
        text = f"The instance lacks {names}: send it, or give it a default in the specification."
        return Refused("InvalidInput", text, 400, dict(states))
    groups = ", ".join(dict.fromkeys(state.group for state in states.values() if state.group))
    text = (
        f"There is no {'fresh ' if stale else ''}value of {names} in {groups}, and the "
        f"specification says to fail then: write the record, send the value, or change 'missing'."
    )
    return Refused("StaleFeature" if stale else "MissingFeature", text, 404, dict(states))


def _unknown(names: set[str], known: frozenset[str]) -> Refused:
    name = min(names)
    near = get_close_matches(name, known, 3)
    hint = f"near are {', '.join(near)}" if near else f"known are {', '.join(sorted(known)[:20])}"
    text = f"Field {name[:80]!r} is unknown to this endpoint's models; {hint}."
    return Refused("InvalidInput", text)


def _identifier(given: ModelInput, fields: Mapping[str, object]) -> str | None:
    if given.key not in fields:
        raise Refused(
            "InvalidInput",
            f"The instance lacks field {given.key!r}, the record identifier in FeatureGroup "
            f"{given.group}: send it, send {given.name!r} itself, or send null for no record.",
        )
    try:
        return identifier_of(given.key, fields[given.key])
    except BadValue as error:
        raise Refused("InvalidInput", str(error)) from None
