"""Whether what an expression gives is of its feature's type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from larder.groups.feature_group import FeatureType
from larder.pipelines.definition import SCALED, ComputedFeature, Function, Pipeline
from larder.pipelines.sql.inputs import Inputs
from larder.problems import Problem


class ValueKind(StrEnum):
    """What kind of value a column of an engine has."""

    TEXT = "a text"
    WHOLE = "a whole number"
    FRACTION = "a number with fraction"
    TRUTH = "true or false"
    NOTHING = "always null"
    OTHER = "of another kind"


_WHOLE, _FRACTION = ValueKind.WHOLE, ValueKind.FRACTION
_FITTING = {
    FeatureType.STRING: (ValueKind.TEXT,),
    FeatureType.INTEGRAL: (_WHOLE,),
    FeatureType.FRACTIONAL: (_WHOLE, _FRACTION),
}
_CURES = {
    FeatureType.STRING: "CAST(… AS VARCHAR)",
    FeatureType.INTEGRAL: "CAST(ROUND(…) AS BIGINT)",
    FeatureType.FRACTIONAL: "CAST(… AS DOUBLE)",
}


def type_problems(pipeline: Pipeline, kinds: Mapping[str, ValueKind]) -> Iterator[Problem]:
    """The features whose SQL gives another kind of value; ``kinds`` are those of the inputs.

    Engines would turn one into the other in ways of their own, or not at all.
    """
    inputs = Inputs(pipeline)
    for feature in pipeline.features:
        kind, allowed = kinds[inputs.column(feature)], _allowed(feature)
        if allowed and kind not in (*allowed, ValueKind.NOTHING):
            member = "latest" if feature.aggregate is None else "of"
            path = ("features", feature.place, *(() if member == "latest" else ("aggregate",)))
            text = (
                f"{feature.name} is of type {feature.type} and must be computed of "
                f"{' or '.join(allowed)}, but `{member}` is {kind}: write {_CURES[feature.type]}"
            )
            yield Problem((*path, member), text)


def _allowed(feature: ComputedFeature) -> tuple[ValueKind, ...]:
    function = feature.aggregate.function if feature.aggregate else None
    if function in (Function.COUNT, Function.DISTINCT, Function.RATE):
        return ()
    if function in SCALED and feature.type is FeatureType.FRACTIONAL:
        return (_WHOLE, _FRACTION)
    return _FITTING[feature.type]
