"""Rows of any kind of frame mean the same record by record; a missing cell is no value."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from larder.client.given_rows import rows_of
from larder.errors import ValidationError
from tests.support.direct import records_client

AT = datetime(9000, 1, 1, tzinfo=UTC)
TEXT = "9000-01-01T00:00:00Z"
COLUMNS = {
    "customer_id": ["ada", "bob"],
    "event_time": [TEXT, TEXT],
    "clicks": [3, None],
    "score": [None, 0.5],
    "city": ["Ulm", None],
}
ROWS = [
    {"customer_id": "ada", "event_time": TEXT, "clicks": 3, "city": "Ulm"},
    {"customer_id": "bob", "event_time": TEXT, "score": 0.5},
]
MASKED = {
    **{name: np.array(COLUMNS[name], dtype=object) for name in ("customer_id", "event_time")},
    "clicks": np.ma.MaskedArray([3, -1], mask=[False, True]),
    "score": np.array([np.nan, 0.5]),
    "city": np.array(COLUMNS["city"], dtype=object),
}
STRUCTURED = np.array(
    [("ada", TEXT, 3.0, np.nan), ("bob", TEXT, np.nan, 0.5)],
    dtype=[("customer_id", "O"), ("event_time", "O"), ("clicks", "f8"), ("score", "f8")],
)


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        iter(ROWS),
        COLUMNS,
        MASKED,
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS).convert_dtypes(),
        pl.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS).with_columns(pl.col("score").fill_null(float("nan"))),
        pa.table(COLUMNS),
        pa.table(COLUMNS).to_batches()[0],
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_kind_of_frame_puts_the_same_records(given):
    records = records_client()
    outcome = records.put_many("customers", given)
    assert outcome.all_accepted, outcome.errors
    assert records.get_many("customers", ["ada", "bob"]) == ROWS


def test_a_structured_array_is_rows():
    records = records_client()
    assert records.put_many("customers", STRUCTURED).all_accepted
    assert records.get("customers", "ada", ["clicks", "score"]) == {"clicks": 3}


def test_times_of_frames_are_event_times_and_nat_is_no_value():
    frame = pd.DataFrame({"customer_id": ["ada", "bob"], "event_time": [AT, None]})
    frame["event_time"] = pd.to_datetime(frame["event_time"], utc=True)
    records = records_client()
    outcome = records.put_many("customers", frame)
    assert [(place, str(error)) for place, error in outcome.errors] == [
        (1, "The record lacks its event time, feature 'event_time'.")
    ]
    assert records.get("customers", "ada")["event_time"] == TEXT


def test_nan_in_a_mapping_is_refused_since_there_it_could_be_left_out():
    outcome = records_client().put_many("customers", [{**ROWS[1], "score": float("nan")}])
    assert "is not finite" in str(outcome.errors[0][1])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("ada", "rows can't be read from a str"),
        (7, "rows can't be read from a int"),
        (np.zeros((2, 2)), "an array without names"),
        ({"a": [1], "b": [1, 2]}, r"the columns differ in length: \{'a': 1, 'b': 2\}"),
        (pd.DataFrame({7: [1]}), r"columns must be named by texts, not \[7\]"),
    ],
)
def test_what_has_no_rows_is_refused(given, words):
    with pytest.raises(ValidationError, match=words):
        list(rows_of(given))
