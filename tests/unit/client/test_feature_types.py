"""Feature definitions of frames, mappings and lists."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from larder.client.feature_types import feature_definitions
from larder.errors import ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType

NOW = datetime(2024, 1, 1, tzinfo=UTC)
S, N, F = FeatureType.STRING, FeatureType.INTEGRAL, FeatureType.FRACTIONAL
LIST, VECTOR = CollectionType.LIST, CollectionType.VECTOR


def found(frame):
    (each,) = feature_definitions(frame)
    return each.type, each.collection, each.dimension


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1], dtype="int8"), N),
        (pd.Series([1], dtype="uint64"), N),
        (pd.Series([1, None], dtype="Int64"), N),
        (pd.Series([0.5], dtype="float32"), F),
        (pd.Series([0.5], dtype="Float64"), F),
        (pd.Series(["a", None]), S),
        (pd.Series(["a", None], dtype=object), S),
        (pd.Series(["a"], dtype="string"), S),
        (pd.Series(["a"], dtype="category"), S),
        (pd.Series([NOW]), S),
        (pd.Series([1], dtype="int64[pyarrow]"), N),
        (pd.Series([0.5], dtype="double[pyarrow]"), F),
        (pd.Series(["a"], dtype="string[pyarrow]"), S),
    ],
)
def test_pandas_dtypes_are_types(values, kind):
    assert found(pd.DataFrame({"x": values})) == (kind, None, None)


def test_pandas_lists_are_collections():
    assert found(pd.DataFrame({"x": [["a"], ["b", "c"], None]})) == (S, LIST, None)
    assert found(pd.DataFrame({"x": [[1], [2, 3]]})) == (N, LIST, None)
    assert found(pd.DataFrame({"x": [[1.5, 2]]})) == (F, LIST, None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.int16(), (N, None, None)),
        (pa.float16(), (F, None, None)),
        (pa.float64(), (F, None, None)),
        (pa.decimal128(10, 2), (F, None, None)),
        (pa.string(), (S, None, None)),
        (pa.large_string(), (S, None, None)),
        (pa.string_view(), (S, None, None)),
        (pa.timestamp("us", "UTC"), (S, None, None)),
        (pa.date32(), (S, None, None)),
        (pa.dictionary(pa.int32(), pa.string()), (S, None, None)),
        (pa.list_(pa.string()), (S, LIST, None)),
        (pa.large_list(pa.int64()), (N, LIST, None)),
        (pa.list_(pa.field("element", pa.float32(), nullable=False)), (F, LIST, None)),
        (pa.list_(pa.float32(), 3), (F, VECTOR, 3)),
    ],
)
def test_arrow_types_are_types(kind, expected):
    schema = pa.schema({"x": kind})
    assert found(schema) == expected
    assert found(schema.empty_table()) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pl.Int32, (N, None, None)),
        (pl.UInt8, (N, None, None)),
        (pl.Float32, (F, None, None)),
        (pl.Decimal(10, 2), (F, None, None)),
        (pl.String, (S, None, None)),
        (pl.Categorical, (S, None, None)),
        (pl.Enum(["a"]), (S, None, None)),
        (pl.Datetime("us", "UTC"), (S, None, None)),
        (pl.Date, (S, None, None)),
        (pl.List(pl.Int64), (N, LIST, None)),
        (pl.Array(pl.Float64, 4), (F, VECTOR, 4)),
    ],
)
def test_polars_types_are_types(kind, expected):
    assert found(pl.DataFrame(schema={"x": kind})) == expected


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"x": [True]}), "column 'x' is of type bool.*map it to 0 and 1"),
        (pl.DataFrame({"x": [True]}), "is of type Boolean.*map it to 0 and 1"),
        (pa.table({"x": [b"a"]}), "is of type binary.*convert it"),
        (pa.table({"x": [{"a": 1}]}), "is of type struct<a: int64>"),
        (pd.DataFrame({"x": [object()]}), "objects whose type can't be told"),
        (pd.DataFrame({"x": [None]}, dtype=object), "objects whose type can't be told"),
        (pd.DataFrame({"x": [["a", 1]]}), "lists of column 'x' hold int, str"),
        (pd.DataFrame({7: [1]}), "column 7 is not named by a text"),
        ({"x": "Float"}, "'Float' of 'x' is no feature type; give String, Integral, Fractional"),
        ("x", "a str has no feature types"),
        (7, "a int has no feature types"),
        ([{"FeatureName": "x"}], "give FeatureName and FeatureType"),
    ],
)
def test_what_no_feature_can_hold_is_named_with_the_cure(frame, words):
    with pytest.raises(ValidationError, match=words):
        feature_definitions(frame)


def test_types_by_name_and_definitions_are_taken_as_they_are():
    vector = FeatureDefinition("v", F, VECTOR, 2)
    assert feature_definitions({"a": "String", "b": FeatureType.INTEGRAL}) == [
        FeatureDefinition("a", S),
        FeatureDefinition("b", N),
    ]
    members = {
        "FeatureName": "v",
        "FeatureType": "Fractional",
        "CollectionType": "Vector",
        "CollectionConfig": {"VectorConfig": {"Dimension": 2}},
    }
    assert feature_definitions([members, vector]) == [vector, vector]


def test_columns_keep_their_order():
    frame = pd.DataFrame({name: np.arange(2) for name in ("z", "a", "m")})
    assert [each.name for each in feature_definitions(frame)] == ["z", "a", "m"]
