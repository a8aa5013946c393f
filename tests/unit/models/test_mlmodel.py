"""MLflow's own file says which of a model's files is served, or why none is."""

from pathlib import Path

import pytest

from larder.errors import ValidationError
from larder.models.adapters.mlmodel_yaml import parsed
from larder.models.archive import ModelFile
from larder.models.errors import ModelError
from larder.models.mlmodel import mlmodel_of
from larder.models.served import Runtime
from tests.support.model_files import mlmodel

FILES = [ModelFile(name, Path(name)) for name in ("model.ubj", "files/model.onnx", "model.pkl")]
BOOSTER = {"data": "model.ubj", "model_class": "xgboost.core.Booster"}


def read(text):
    return mlmodel_of(parsed(text), FILES)


@pytest.mark.parametrize(
    "kind", [None, "xgboost.core.Booster", "xgboost.sklearn.XGBRegressor", "x.XGBRanker"]
)
def test_a_flavors_file_is_served_where_its_class_gives_the_same_numbers(kind):
    found = read(mlmodel(xgboost={"data": "./model.ubj", "model_class": kind}))

    assert (found.flavor, found.runtime, found.file) == ("xgboost", Runtime.XGBOOST, FILES[0])
    assert found.columns == ("a", "b", "c")


def test_the_first_that_is_served_counts_whatever_the_files_order():
    found = read(mlmodel(sklearn={}, onnx={"data": "files/model.onnx"}, xgboost=BOOSTER))
    assert found.file == FILES[0]


@pytest.mark.parametrize("signature", ["7", "null", "'['", "{inputs: 7}", "{inputs: '[7]'}"])
def test_a_signature_that_names_no_columns_gives_none(signature):
    text = b"flavors: {xgboost: {data: model.ubj}}\nsignature: " + signature.encode()
    assert read(text).columns == ()


def logged(**flavor):
    return mlmodel(xgboost={**BOOSTER, **flavor})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (mlmodel(), "log the model with mlflow.onnx, mlflow.xgboost or mlflow.lightgbm"),
        (mlmodel(sklearn={"pickled_model": "model.pkl"}), "python_function, sklearn"),
        (logged(model_class="xgboost.sklearn.XGBClassifier"), r"get_booster\(\)"),
        (mlmodel(lightgbm={"model_class": "lightgbm.sklearn.LGBMClassifier"}), "booster_"),
        (logged(data="other.ubj"), "pack the model's whole folder"),
        (logged(data="../../etc/passwd"), "whole folder"),
        (logged(data="/etc/passwd"), "whole folder"),
        (logged(data=None), "names no data file"),
        (logged(data=["model.ubj"]), "names no data file"),
        (logged(data=""), "names no data file"),
        (b"flavors: {xgboost: }", "names no data file"),
        (b"flavors: [xgboost]", "no member flavors"),
        (b"- 1", "no member flavors"),
        (b"", "no member flavors"),
        (b"7", "no member flavors"),
    ],
)
def test_what_names_nothing_that_is_served_is_refused_with_the_cure(text, words):
    with pytest.raises(ValidationError, match=words):
        read(text)


def laughter():
    """A value that is some bytes long, and 2^24 long where its aliases are followed."""
    doubled = (b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 121))
    return b"a: &a [x, x]\n" + b"".join(doubled)


def test_aliases_cost_nothing():
    with pytest.raises(ValidationError, match="no member flavors"):
        read(laughter())


@pytest.mark.parametrize(
    "text",
    [
        b"a: [",
        b"\xff\xfe\x00",
        b"a: 1\n---\nb: 2",
        b"!!python/object/apply:os.system [touch sung]",
        b"2026-13-45",
        b"9" * 5000,
        b"{[]: 1}",
        b"a: *b",
    ],
)
def test_what_is_no_plain_document_is_refused(text):
    with pytest.raises(ModelError, match="it is no YAML"):
        parsed(text)
