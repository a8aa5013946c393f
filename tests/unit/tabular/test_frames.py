"""Frames of every library: columns by name, values of any size, and what is missing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from larder.errors import ValidationError
from larder.tabular.frames import of_frame

HUGE = 10**25
VALUES = {
    "integers of any size": ([1, HUGE, None], ["1", str(HUGE), None]),
    "several types": ([1, "a", None, True, 0.5], ["1", "a", None, "true", "0.5"]),
    "whole numbers that no double keeps": ([2**60 + 1, 0.5], [str(2**60 + 1), "0.5"]),
    "lists of several types": ([[1, "a"], None], [["1", "a"], None]),
    "objects": ([{"a": 1}, None], ['{"a":1}', None]),
    "bytes": ([b"x", 1], ["x", "1"]),
    "times": (
        [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1), date(2024, 1, 1)],
        ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01"],
    ),
    "decimals and texts": ([Decimal("1.50"), "x"], ["1.50", "x"]),
    "NaN among texts": (["a", float("nan")], ["a", None]),
}


def frames(values):
    """A column of objects in every library's form."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    named = np.empty(len(values), dtype=[("v", object)])
    named["v"] = array
    return {
        "mapping": {"v": values},
        "arrays by name": {"v": array},
        "pandas": pd.DataFrame({"v": pd.Series(list(values), dtype=object)}),
        "polars": pl.DataFrame({"v": pl.Series(values, dtype=pl.Object)}),
        "numpy": named,
    }


@pytest.mark.parametrize("library", ["mapping", "arrays by name", "pandas", "polars", "numpy"])
@pytest.mark.parametrize("what", VALUES)
def test_values_beyond_arrow_become_their_texts(library, what):
    given, found = VALUES[what]
    assert of_frame(frames(given)[library])["v"].to_pylist() == found


@pytest.mark.parametrize("name", ["Unnamed: 0", "v [m]", "a=b", ""])
def test_columns_may_have_any_name(name):
    for frame in (pd.DataFrame({name: [1]}), pl.DataFrame({name: [1]}), {name: [1]}):
        assert of_frame(frame).column_names == [name]


def test_what_is_missing_is_null():
    frame = pd.DataFrame(
        {"a": [1.5, np.nan], "b": pd.array([1, None], "Int64"), "c": [pd.NaT, pd.Timestamp(0)]}
    )
    assert of_frame(frame).to_pylist()[0]["c"] is None
    assert of_frame(frame).to_pylist()[1]["a"] is None
    masked = np.ma.array([1, 2], mask=[False, True])
    assert of_frame({"v": masked})["v"].to_pylist() == [1, None]


def test_arrow_is_taken_as_it_is():
    table = pa.table({"v": [1]})
    assert of_frame(table) is table
    assert of_frame(table.to_batches()[0]).equals(table)


def test_what_is_no_frame_is_refused_in_words():
    for odd, words in (
        ([{"v": 1}], "can't be read from a list"),
        ({"v": [1], "w": [1, 2]}, "differ in length"),
        ({"v": np.zeros((2, 2))}, "'v': it has 2 dimensions"),
        ({"v": 1}, "'v': cells can't be read from a int"),
        ({"v": [b"\xff", 1]}, "'v': a cell holds bytes that are no text"),
        (np.zeros(3), "can't be read from a ndarray"),
    ):
        with pytest.raises(ValidationError, match=words):
            of_frame(odd)
