"""Whole columns of given values as values of a feature, where that is plain to see.

What a column holds is taken as PutRecord would take its texts. A mask says which rows are surely
right; what it leaves out is no error yet: those rows are judged one by one by
``larder.records.feature_values``, the only place of the rules. So the patterns here may
be narrower than the rules, but never wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.ingestion.adapters.packing import Packer, relisted

Array = Any  # pyarrow is untyped
_INTEGER = r"^-?\d{1,18}$"
_NUMBER = r"^-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?$"
_EXACT = 2**53
TYPES = {
    FeatureType.STRING: pa.string(),
    FeatureType.INTEGRAL: pa.int64(),
    FeatureType.FRACTIONAL: pa.float64(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A feature's values: as the table holds them, as they were sent, and where both are sure.

    ``sent`` are texts where texts were given, else the same as ``typed``.
    """

    typed: Array
    sent: Array
    sure: Array


def convert(feature: FeatureDefinition, given: Array, packer: Packer) -> Column:
    """A given column (``plain_column``) as a feature's values; absent ones are sure."""
    if feature.collection is None:
        if pa.types.is_list(given.type):
            return _unsure(feature, given)
        return _scalars(feature, given, packer)
    if feature.collection is CollectionType.SET or not pa.types.is_list(given.type):
        return _unsure(feature, given)
    return _lists(feature, given, packer)


def column_type(feature: FeatureDefinition) -> Any:  # noqa: ANN401 - pyarrow is untyped
    """The Arrow type of a feature's typed values."""
    scalar = TYPES[feature.type]
    return scalar if feature.collection is None else pa.list_(scalar)


def _scalars(feature: FeatureDefinition, given: Array, packer: Packer) -> Column:
    if feature.type is FeatureType.STRING:
        return _texts(given, packer)
    if pa.types.is_string(given.type):
        return _parsed(feature, given)
    if feature.type is FeatureType.INTEGRAL:
        return _whole(given)
    return _doubles(given)


def _texts(given: Array, packer: Packer) -> Column:
    if pa.types.is_string(given.type):
        texts = given
    elif pa.types.is_boolean(given.type):
        texts = given.cast(pa.string())
    else:
        texts = packer.texts(given)
    return Column(texts, texts, _all(given))


def _parsed(feature: FeatureDefinition, given: Array) -> Column:
    pattern = _INTEGER if feature.type is FeatureType.INTEGRAL else _NUMBER
    fits = pc.match_substring_regex(given, pattern)
    typed = pc.if_else(fits, given, None).cast(TYPES[feature.type])
    return Column(typed, given, _or_absent(fits, given))


def _whole(given: Array) -> Column:
    if pa.types.is_floating(given.type):
        fits = pc.and_(
            pc.equal(given, pc.floor(given)), pc.less(pc.abs(given), pa.scalar(float(_EXACT)))
        )
        typed = pc.if_else(fits, given, None).cast(pa.int64())
        return Column(typed, typed, _or_absent(fits, given))
    typed = given.cast(pa.int64())
    return Column(typed, typed, _all(given))


def _doubles(given: Array) -> Column:
    if pa.types.is_boolean(given.type):
        return Column(pa.nulls(len(given), pa.float64()), given, pc.is_null(given))
    if pa.types.is_integer(given.type):
        typed = given.cast(pa.float64(), safe=False)
        return Column(typed, given, _all(given))
    return Column(given, given, _or_absent(pc.is_finite(given), given))


def _lists(feature: FeatureDefinition, given: Array, packer: Packer) -> Column:
    items = given.flatten()
    element = _scalars(FeatureDefinition(feature.name, feature.type), items, packer)
    bad = pc.filter(
        pc.list_parent_indices(given), pc.invert(pc.and_(element.sure, pc.is_valid(items)))
    )
    rows = pa.array(range(len(given)), pa.int64())
    sure = pc.invert(pc.is_in(rows, value_set=pc.unique(bad)))
    if feature.collection is CollectionType.VECTOR:
        fits = pc.equal(pc.list_value_length(given), feature.dimension)
        sure = pc.and_(sure, _or_absent(fits, given))
    return Column(relisted(given, element.typed), relisted(given, element.sent), sure)


def _unsure(feature: FeatureDefinition, given: Array) -> Column:
    typed = pa.nulls(len(given), column_type(feature))
    return Column(typed, typed, pc.is_null(given))


def _all(given: Array) -> Array:
    return pa.repeat(True, len(given))


def _or_absent(fits: Array, given: Array) -> Array:
    return pc.or_kleene(pc.fill_null(fits, False), pc.is_null(given))
