"""A feature specification against the groups and the model: checked once, then frozen.

What comes out names each group by its uid. So a group that is created again under its name is not
read by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from hashlib import sha256
from typing import Protocol

from larder.errors import AccessForbidden, ValidationError
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
)
from larder.models.served import FeatureSpec, Missing, ModelInput, Runtime, SourceKind
from larder.models.served_json import canonical
from larder.models.specification import InputSpec, UnresolvedSpec
from larder.problems import Problem, refuse, shown


class GroupsByName(Protocol):
    """What resolving needs of the registry (``larder.groups.ports.Registry``)."""

    def get(self, name: str, /) -> FeatureGroup | None:
        """The group that bears the name now; ``None`` if no group does."""


def resolve(
    spec: UnresolvedSpec,
    groups: GroupsByName,
    may_read: Callable[[FeatureGroup], bool],
    width: int,
    *,
    runtime: Runtime,
    texts: frozenset[int] = frozenset(),
) -> FeatureSpec:
    """The specification, frozen for a model of ``width`` columns that ``runtime`` computes.

    ``texts`` are its columns of texts. ``may_read``: whether its author may read a group, as by
    GetRecord.

    Raises:
        ValidationError: naming every input that does not fit its group or the model.
        AccessForbidden: the author may not read a group.
    """
    found, column = _found(spec, groups, may_read), 0
    inputs, problems = list[ModelInput](), list[Problem]()
    for place, each in enumerate(spec.inputs):
        group = found.get(each.group)
        resolved = _resolved(each, group)
        text = not texts.isdisjoint(range(column, column + resolved.size))
        faults = _faults(each, resolved, group, spec.nan_safe, runtime, text=text)
        problems += [Problem(("inputs", place, member), *why) for member, *why in faults]
        inputs.append(resolved)
        column += resolved.size
    refuse((*problems, *_key_problems(inputs)))
    return _frozen(spec, inputs, width)


def _frozen(spec: UnresolvedSpec, inputs: list[ModelInput], width: int) -> FeatureSpec:
    _check_width(inputs, width)
    frozen = FeatureSpec(
        inputs=tuple(inputs), unit=spec.unit, output=spec.output, nan_safe=spec.nan_safe
    )
    return replace(frozen, sha256=sha256(canonical(frozen)).hexdigest())


def _found(
    spec: UnresolvedSpec, groups: GroupsByName, may_read: Callable[[FeatureGroup], bool]
) -> Mapping[str, FeatureGroup]:
    names = dict.fromkeys(each.group for each in spec.inputs if each.group)
    asked = {name: groups.get(name) for name in names}
    found = {
        name: group
        for name, group in asked.items()
        if group is not None and group.status is FeatureGroupStatus.CREATED
    }
    if forbidden := [name for name, group in found.items() if not may_read(group)]:
        raise AccessForbidden(
            f"The feature specification reads {', '.join(forbidden)}, and you lack the read right "
            f"on it: ask one of its administrators for a grant, or leave its inputs out."
        )
    if missing := [name for name in names if name not in found]:
        raise ValidationError(
            f"The feature specification reads {', '.join(missing)}: there is no feature group of "
            f"that name in status Created. Check the name, or create the group first."
        )
    if offline := [name for name, group in found.items() if group.online is None]:
        raise ValidationError(
            f"The feature specification reads {', '.join(offline)}, which has no online store, so "
            f"that no endpoint can read it. Use a group with one, or take the input from the "
            f"request."
        )
    return found


def _resolved(given: InputSpec, group: FeatureGroup | None) -> ModelInput:
    feature = _feature(given, group)
    vector = feature is not None and feature.collection is CollectionType.VECTOR
    size = feature.dimension if feature is not None and vector else given.size
    return ModelInput(
        name=given.name,
        source=given.source,
        type=str(feature.type) if feature is not None else given.type or "",
        group=given.group,
        group_uid=group.uid if group is not None else "",
        feature=(given.feature or given.name) if group is not None else "",
        key=(given.key or group.record_identifier_name) if group is not None else "",
        size=size or 1,
        missing=given.missing,
        default=given.default,
        max_age_seconds=given.max_age_seconds,
        categories=given.categories,
    )


def _feature(given: InputSpec, group: FeatureGroup | None) -> FeatureDefinition | None:
    name = given.feature or given.name
    if group is None or name in group.removed or name not in group.ordinals:
        return None
    return group.features[group.ordinals[name]]


_Fault = tuple[str, str, str]
"""A member, the constraint that it breaks, and its value as shown."""


def _faults(
    given: InputSpec,
    resolved: ModelInput,
    group: FeatureGroup | None,
    nan_safe: bool,
    runtime: Runtime,
    *,
    text: bool,
) -> Iterator[_Fault]:
    if group is not None:
        yield from _feature_faults(given, group)
    if given.missing is Missing.NAN and runtime is Runtime.ONNX and not nan_safe:
        yield (
            "missing",
            'Member must be "fail" or a default: an ONNX model may answer wrongly to NaN without '
            'an error. If its parity was proven, state "nan_safe": true',
            "'nan'",
        )
    if text:
        yield from _text_faults(given, resolved)
    elif resolved.is_text:
        why = "Member must list the categories of a String input: the model takes numbers there"
        yield "categories", why, "null"
    if given.categories and resolved.type not in {FeatureType.STRING, ""}:
        why = f"Member must be left out of a {resolved.type} input"
        yield "categories", why, f"of {len(given.categories)} texts"
    if given.categories and resolved.size > 1:
        yield "size", "Member must be 1 where there are categories", shown(resolved.size)
    if given.missing is Missing.DEFAULT:
        yield from _default_faults(given, resolved)


def _text_faults(given: InputSpec, resolved: ModelInput) -> Iterator[_Fault]:
    if not resolved.is_text:
        why = "Member must be String, without categories: the model takes a text there"
        yield "type", why, f"{resolved.type or None!s}"
    if resolved.size > 1:
        yield "size", "Member must be 1: the model takes a text there", shown(resolved.size)
    if given.missing is Missing.NAN:
        yield "missing", 'Member must be "fail" or a default: a text is never NaN', "'nan'"


def _feature_faults(given: InputSpec, group: FeatureGroup) -> Iterator[_Fault]:
    name, feature = given.feature or given.name, _feature(given, group)
    if feature is None:
        near = get_close_matches(name, list(group.feature_names), 3)
        hint = f"; near are {', '.join(near)}" if near else ""
        text = f"Member must be a feature of FeatureGroup {group.name}{hint}"
        yield "feature", text, shown(name)
        return
    if given.type is not None and given.type != feature.type:
        yield "type", f"Member must be {feature.type}, the feature's type", shown(given.type)
    if feature.collection not in {None, CollectionType.VECTOR}:
        text = "Member must be a scalar or a Vector: the length of others is not known"
        yield "feature", text, f"'{name}', a {feature.collection},"
    size = feature.dimension or 1
    if given.size is not None and given.size != size:
        yield "size", f"Member must be {size}, the feature's own size", shown(given.size)


def _default_faults(given: InputSpec, resolved: ModelInput) -> Iterator[_Fault]:
    text_default = isinstance(given.default, str)
    if given.categories and given.default not in given.categories:
        yield "missing", "Its default must be one of the categories", shown(given.default)
    elif resolved.is_text and not text_default:
        yield "missing", "Its default must be a text", shown(given.default)
    elif not given.categories and text_default and not resolved.is_text:
        yield "missing", "Its default must be a number", shown(given.default)
    elif resolved.type == FeatureType.INTEGRAL and not float(given.default or 0).is_integer():
        yield "missing", "Its default must be a whole number: it is Integral", shown(given.default)


def _key_problems(inputs: list[ModelInput]) -> Iterator[Problem]:
    keys = {each.key for each in inputs if each.key}
    for place, each in enumerate(inputs):
        if each.source is SourceKind.FEATURE_GROUP and each.name in keys:
            text = (
                "Member must differ from the request fields that carry identifiers: such a field "
                "would override the input"
            )
            yield Problem(("inputs", place, "name"), text, shown(each.name))


def _check_width(inputs: list[ModelInput], width: int) -> None:
    columns = sum(each.size for each in inputs)
    if columns != width:
        raise ValidationError(
            f"The feature specification has {len(inputs)} inputs of {columns} columns; the model "
            f"takes {width}. List one input per column, in the model's order (a Vector counts as "
            f"its dimension)."
        )
