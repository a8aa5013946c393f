"""Many records as columns: a missing value is never a zero, whatever the type."""

import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from larder import UnreadRecords
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from tests.support.direct import records_client
from tests.support.groups import FEATURES, feature_group
from tests.support.stores import Refusing

AT = "2024-01-01T00:00:00Z"
GROUP = feature_group(
    features=(
        *FEATURES,
        FeatureDefinition("words", FeatureType.STRING, CollectionType.LIST),
        FeatureDefinition("place", FeatureType.FRACTIONAL, CollectionType.VECTOR, 2),
    )
)
WHOLE = {"clicks": 2**62 + 1, "score": 0.5, "city": "Ulm", "words": ["a", "b"], "place": [1.5, 2]}


@pytest.fixture
def store():
    store = records_client(GROUP)
    store.put("customers", {"customer_id": "whole", "event_time": AT, **WHOLE})
    store.put("customers", {"customer_id": "bare", "event_time": AT})
    return store


def test_arrow_columns_are_typed_and_null_where_nothing_is(store):
    table = store.get_many("customers", ["whole", "bare", "nobody"]).to_arrow()
    assert table.schema == pa.schema(
        {
            "customer_id": pa.string(),
            "event_time": pa.string(),
            "clicks": pa.int64(),
            "score": pa.float64(),
            "city": pa.string(),
            "words": pa.list_(pa.string()),
            "place": pa.list_(pa.float64(), 2),
        }
    )
    absent = dict.fromkeys(WHOLE)
    assert table.to_pylist() == [
        {"customer_id": "whole", "event_time": AT, **WHOLE, "place": [1.5, 2.0]},
        {"customer_id": "bare", "event_time": AT, **absent},
        {"customer_id": None, "event_time": None, **absent},
    ]


def test_numpy_columns_are_typed_and_never_zero_where_nothing_is(store):
    asked = ["place", "score", "clicks", "city"]
    columns = store.get_many("customers", ["nobody", "whole", "bare"], asked).to_numpy()
    assert list(columns) == asked
    assert columns["clicks"].dtype == np.int64
    assert columns["clicks"].tolist() == [None, 2**62 + 1, None]
    assert np.asarray(columns["clicks"])[0] == -(2**63)
    assert columns["score"].dtype == np.float64
    assert math.isnan(columns["score"][0]) and columns["score"][1] == 0.5
    assert columns["city"].tolist() == [None, "Ulm", None]
    assert columns["place"].tolist() == [None, [1.5, 2.0], None]


def test_no_identifiers_make_columns_without_rows(store):
    columns = store.get_many("customers", [], ["clicks", "words"])
    assert columns.to_arrow().num_rows == 0
    assert [len(column) for column in columns.to_numpy().values()] == [0, 0]


def test_lists_of_one_length_stay_lists(store):
    (column,) = store.get_many("customers", ["whole", "whole"], ["words"]).to_numpy().values()
    assert column.shape == (2,)
    assert column.tolist() == [["a", "b"], ["a", "b"]]


def test_columns_of_which_a_record_was_not_read_are_not_given():
    store = records_client(GROUP, store=Refusing(unread=["c2"]))
    with pytest.raises(UnreadRecords) as refusal:
        store.get_many("customers", ["c1", "c2"])
    assert refusal.value.unread == [("customers", "c2")]


def test_pandas_columns_are_typed_and_na_where_nothing_is(store):
    frame = store.get_many("customers", ["whole", "bare", "nobody"]).to_pandas()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "customer_id": "string",
        "event_time": "string",
        "clicks": "Int64",
        "score": "float64",
        "city": "string",
        "words": "object",
        "place": "object",
    }
    assert frame["clicks"].tolist()[0] == 2**62 + 1
    assert frame.isna().to_numpy().tolist() == [
        [False] * 7,
        [False, False, *[True] * 5],
        [True] * 7,
    ]


def test_polars_columns_are_typed_and_null_where_nothing_is(store):
    found = store.get_many("customers", ["whole", "bare"])
    frame = found.to_polars()
    assert frame.schema == {
        "customer_id": pl.String,
        "event_time": pl.String,
        "clicks": pl.Int64,
        "score": pl.Float64,
        "city": pl.String,
        "words": pl.List(pl.String),
        "place": pl.Array(pl.Float64, 2),
    }
    assert frame.rows()[1] == ("bare", AT, None, None, None, None, None)
    assert frame.to_arrow().to_pylist() == found.to_arrow().to_pylist()


def test_what_was_read_can_be_put_again_by_any_library(store):
    found = store.get_many("customers", ["whole", "bare"])
    for form in (found.to_pandas(), found.to_polars(), found.to_arrow(), found.to_numpy()):
        again = direct_copy(form)
        assert again.get_many("customers", ["whole", "bare"]) == found


def direct_copy(form):
    """A store of its own, with the rows of a frame."""
    store = records_client(GROUP)
    assert store.put_many("customers", form).all_accepted
    return store


def test_records_are_shown_in_notebooks_with_every_text_escaped(store):
    store.put("customers", {"customer_id": "<b>", "event_time": AT})
    shown = store.get_many("customers", ["<b>", "nobody"])._repr_html_()
    assert "2 records of customers" in shown
    assert "<td>&lt;b&gt;</td>" in shown and "<b>" not in shown
