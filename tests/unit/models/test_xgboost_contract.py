"""The built-in XGBoost's forms, held against what its container's own code does.

The expectations were computed as ``serve_utils.py`` and ``encoder.py`` of
aws/sagemaker-xgboost-container compute them, with numpy and csv.Sniffer.
"""

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.models.api.media import Media
from larder.models.api.xgboost_contract import csv_rows, libsvm_rows, read, write
from larder.models.errors import ModelError
from tests.support.boosters import booster, data, predict

nan = math.nan
ROWS = [[0.43861907720565796, 1.0], [1e-05, 3.5]]


def same(found, wanted):
    return np.array_equal(np.array(found), np.array(wanted), equal_nan=True)


def containers_csv(text):
    """What the container makes of a CSV text."""
    found = csv.Sniffer().sniff(text.split("\n")[0][:512]).delimiter
    delimiter = "," if found.isalnum() else found
    lines = [
        ["nan" if each == "" else each for each in x.split(delimiter)] for x in text.split("\n")
    ]
    return np.array(lines).astype(float)


@pytest.mark.parametrize(
    "text",
    ["1,2,3", "1,2\n3,4", "1;2;3", "1\t2\t3\n4\t5\t6", "1 2 3", ",2,", "1,,3\n,,", "-1e3,+2.5,.5",
     "1.5;2.5", "nan,1", "1.25,inf"],
)  # fmt: skip
def test_csv_is_read_as_the_container_reads_it(text):
    assert same(csv_rows(text), containers_csv(text))


@given(
    st.lists(
        st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=4),
        min_size=1,
        max_size=4,
    ).filter(lambda rows: len({len(row) for row in rows}) == 1),
    st.sampled_from(",;\t"),
)
def test_numbers_survive_csv(rows, delimiter):
    text = "\n".join(delimiter.join(map(repr, row)) for row in rows)
    assert csv_rows(text) == rows


@pytest.mark.parametrize("text", ["1.5", "7", "1\n2\n3", "-2.5e-3"])
def test_one_column_is_served_where_the_container_finds_no_delimiter(text):
    assert csv_rows(text) == [[float(line)] for line in text.split("\n")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0:1 2:3", [[1, nan, 3]]),
        ("1:1 3:3", [[1, nan, 3]]),
        ("1 1:5 2:0\n0 2:7", [[5, 0], [nan, 7]]),
        ("1:1\n\n1:2", [[1], [nan], [2]]),
        ("2:1", [[nan, 1]]),
    ],
)
def test_libsvm_indices_begin_at_0_or_1_labels_are_skipped_and_absent_is_missing(text, rows):
    assert same(libsvm_rows(text), rows)


def answered(body, media="text/csv"):
    return read(body, Media.parse(media), media)


@pytest.mark.parametrize(
    "media", ["", "text/libsvm", "text/x-libsvm", "libsvm", "text/libsvm ;a=b"]
)
def test_libsvm_by_any_name_and_without_one(media):
    assert answered(b" 1:2 2:3\n", media) == [[2.0, 3.0]]


@pytest.mark.parametrize(
    "media", ["text/csv", "csv", "TEXT/CSV; charset=utf8", "text/csv;label_size=1"]
)
def test_csv_by_any_name(media):
    assert answered(b"1,2\n", media) == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("body", "media", "words"),
    [
        (b"1,x", "text/csv", "Loading csv data failed with Exception, please ensure data is in csv"),
        (b"1,2\n3", "text/csv", "Loading csv data failed with Exception"),
        (b"\xff,1", "text/csv", "Loading csv data failed with Exception"),
        (b"1_0,2", "text/csv", "Loading csv data failed with Exception"),
        (b"a b c", "text/libsvm", "Loading libsvm data failed with Exception, please ensure"),
        (b"x:1", "text/libsvm", "Loading libsvm data failed with Exception"),
        (b"1:1\n" * 100 + b"99999999:1", "text/libsvm", "at most 5000000 values"),
        (b"1,2", "text/csv; label_size=2", "label_size must be equal to 1"),
        (b"{}", "application/xml", "application/xml is not an accepted ContentType: csv, libsvm, "
         "parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, application/x-parquet, "
         "application/x-recordio-protobuf."),
        (b"x", "application/x-recordio-protobuf", "is not an accepted ContentType"),
        (b"x", "application/x-parquet", "is not an accepted ContentType"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_415_in_the_containers_words(body, media, words):
    with pytest.raises(ModelError) as error:
        answered(body, media)
    assert error.value.status == 415
    assert words in str(error.value)


@pytest.mark.parametrize(
    "objective",
    ["reg:squarederror", "binary:logistic", "multi:softprob", "multi:softmax", "binary:hinge"],
)
def test_outputs_are_the_containers_byte_by_byte(objective):
    predictions = booster(objective).inplace_predict(data()[0][:20])
    listed = predictions.tolist()
    ours = predict(booster(objective), data()[0][:20])
    as_json = json.dumps({"predictions": [{"score": each} for each in listed]})
    assert write(ours, "application/json", {}, objective) == (as_json, "application/json")
    lines = [each if isinstance(each, list) else [each] for each in listed]
    as_csv = "".join(",".join(str(np.float64(v)) for v in line) + "\n" for line in lines)
    assert write(ours, "text/csv", {}, objective) == (as_csv, "text/csv")
    as_lines = "".join(json.dumps({"score": each}) + "\n" for each in listed)
    assert write(ours, "application/jsonlines", {}, objective)[0] == as_lines


@pytest.mark.parametrize(
    ("accept", "environment", "media"),
    [
        ("", {}, "text/csv"),
        ("*/*", {}, "text/csv"),
        ("", {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json"}, "application/json"),
        ("text/csv, application/json", {}, "text/csv"),
        ("text/html, application/json;q=0.5", {}, "application/json"),
        ("Application/JSON", {}, "application/json"),
    ],
)
def test_accept(accept, environment, media):
    assert write([1.0], accept, environment, "")[1] == media


@pytest.mark.parametrize(
    "accept", ["text/html", "application/x-recordio-protobuf", "image/png;q=1"]
)
def test_an_accept_that_is_not_served_is_406(accept):
    with pytest.raises(
        ModelError, match=r"is not supported. Please use supported accept types: \['a"
    ) as error:
        write([1.0], accept, {}, "")
    assert error.value.status == 406


SELECTED = {
    "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label, labels,probability,probabilities, raw_score,raw_scores"
}


@pytest.mark.parametrize(
    ("objective", "score", "values"),
    [
        ("binary:logistic", 0.75, [1, [0, 1], 0.75, [0.25, 0.75], 0.75, [0.25, 0.75]]),
        ("binary:logistic", 0.5, [0, [0, 1], 0.5, [0.5, 0.5], 0.5, [0.5, 0.5]]),
        ("binary:logitraw", 0.25, [1, [0, 1], None, None, 0.25, [0.75, 0.25]]),
        ("binary:logitraw", -1.0, [0, [0, 1], None, None, -1.0, [2.0, -1.0]]),
        ("binary:hinge", 1.0, [1.0, [0, 1], None, None, 1.0, [0.0, 1.0]]),
        ("multi:softprob", (0.25, 0.5, 0.25),
         [1, [0, 1, 2], 0.5, [0.25, 0.5, 0.25], 0.5, [0.25, 0.5, 0.25]]),
        ("reg:squarederror", 2.0, [None] * 6),
    ],
)  # fmt: skip
def test_selected_contents(objective, score, values):
    keys = SELECTED["SAGEMAKER_INFERENCE_OUTPUT"].replace(" ", "").split(",")
    entry = dict(zip(keys, values, strict=True))
    body, _ = write([score], "application/json", SELECTED, objective)
    assert body == json.dumps({"predictions": [entry]})
    lines, _ = write([score, score], "application/jsonlines", SELECTED, objective)
    assert lines == f"{json.dumps(entry)}\n" * 2
    cells = [f'"{v}"' if isinstance(v, list) else "nan" if v is None else str(v) for v in values]
    assert write([score, score], "", SELECTED, objective)[0] == "\n".join([",".join(cells)] * 2)


def test_the_predicted_score_of_a_regression_and_an_unknown_objective():
    chosen = {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_score"}
    assert write([2.5], "text/csv", chosen, "reg:gamma")[0] == "2.5"
    with pytest.raises(ModelError, match="Objective `rank:ndcg` unsupported") as error:
        write([2.5], "text/csv", chosen, "rank:ndcg")
    assert error.value.status == 500


def test_json_has_no_nan():
    body, _ = write([nan, math.inf, 1.0], "application/json", {}, "")
    assert [each["score"] for each in json.loads(body)["predictions"]] == [None, None, 1.0]
    assert write([nan, math.inf], "text/csv", {}, "")[0] == "nan\ninf\n"
