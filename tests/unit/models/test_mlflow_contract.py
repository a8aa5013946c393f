"""MLflow's forms of a request, as its own client sends them."""

import json

import pytest

from larder.models.api.media import Media
from larder.models.api.mlflow_contract import read
from larder.models.errors import ModelError
from larder.models.instances import Instance

JSON = Media.parse("application/json")
ROWS = [{"a": 1, "b": None}, {"a": 3, "b": 4}]


@pytest.mark.parametrize(
    "form",
    [
        {"dataframe_split": {"index": [0, 1], "columns": ["a", "b"], "data": [[1, None], [3, 4]]}},
        {"dataframe_records": ROWS},
        {"instances": ROWS, "params": {"x": 1}},
        {"inputs": ROWS},
        {"inputs": {"a": [1, 3], "b": [None, 4]}},
    ],
)
def test_rows_go_by_name_with_a_specification_and_in_order_without(form):
    body = json.dumps(form).encode()
    assert read(body, JSON, by_name=True).instances == [Instance(fields=row) for row in ROWS]
    vectors = [Instance(vector=list(row.values())) for row in ROWS]
    assert read(body, JSON, by_name=False).instances == vectors


@pytest.mark.parametrize(
    ("sent", "vector"),
    [
        ({"b": 2, "a": 1}, [1, 2]),
        ({"a": 1, "b": None}, [1, None]),
        ({"0": 1, "1": 2}, [1, 2]),
        ({"a": 1}, None),
        ({"a": 1, "b": 2, "c": 3}, None),
        ({"a": 1, "c": 3}, None),
    ],
)
@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split"])
def test_columns_go_by_the_models_own_names_where_it_knows_one_of_them(form, sent, vector):
    rows = [sent] if form == "dataframe_records" else None
    split = {"columns": list(sent), "data": [list(sent.values())]}
    body = json.dumps({form: rows or split}).encode()
    if vector is None:
        with pytest.raises(ModelError, match="lack") as raised:
            read(body, JSON, by_name=False, columns=("a", "b"))
        assert raised.value.status == 400
    else:
        batch = read(body, JSON, by_name=False, columns=("a", "b"))
        assert batch.instances == [Instance(vector=vector)]


def test_lists_are_vectors():
    body = b'{"instances": [[1, 2], [3, 4]]}'
    assert read(body, JSON, by_name=True).instances == [
        Instance(vector=[1, 2]),
        Instance(vector=[3, 4]),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"rows": []}, {"instances": [], "inputs": []}, {"instances": []}, {"inputs": {}},
        {"inputs": {"a": [1], "b": [1, 2]}}, {"inputs": {"a": 1}}, {"inputs": 7},
        {"dataframe_split": []}, {"dataframe_split": {}}, {"dataframe_split": {"data": 1}},
        {"dataframe_split": {"columns": "ab", "data": [[1, 2]]}},
        {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}},
        {"dataframe_split": {"columns": ["a"], "data": [1]}},
        {"dataframe_records": "x"}, {"dataframe_records": [1]}, {"instances": [[1]] * 101},
    ],
)  # fmt: skip
def test_other_forms_are_refused(body):
    with pytest.raises(ModelError) as error:
        read(json.dumps(body).encode(), JSON, by_name=True)
    assert error.value.status == 400
