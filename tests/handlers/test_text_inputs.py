"""Models that take texts: what they are given, what is refused, and what the log says of it."""

import json
from array import array
from math import nan

import numpy as np
import pytest

from larder.errors import ValidationError
from larder.models import warm_up
from larder.models.adapters.onnx_runtime import OnnxRuntime
from larder.models.adapters.xgboost_runtime import XgboostRuntime
from larder.models.errors import ModelError
from larder.models.exposure import vector_digest
from larder.models.ports import Matrix
from larder.models.resolve import resolve
from larder.models.served import Runtime
from larder.models.specification import parse
from tests.support.artefacts import text_and_number, text_classifier
from tests.support.boosters import ubj
from tests.support.groups import Groups, feature_group
from tests.support.inference import Inference
from tests.support.models import variant

WORDS = {"name": "words", "source": "request", "type": "String"}
AMOUNT = {"name": "amount", "source": "request", "type": "Fractional"}
CITY = {"name": "city", "feature_group": "customers"}


def specification(*inputs, texts=(0,), **more):
    text = json.dumps({"version": 1, "inputs": inputs, **more})
    return resolve(
        parse(text),
        Groups(feature_group()),
        lambda _: True,
        len(inputs),
        runtime=Runtime.ONNX,
        texts=frozenset(texts),
    )


def served(*inputs):
    made = Inference(runtimes={Runtime.ONNX: OnnxRuntime()})
    spec = specification(*(inputs or (WORDS, AMOUNT)))
    model = made.model(text_and_number(), width=2, features=spec, runtime=Runtime.ONNX)
    made.serve(model)
    return made


def scores(got):
    return [each.get("score") for each in got]


def test_a_text_of_the_request_reaches_the_model_beside_a_number():
    got = served().predictions({"words": "late", "amount": 1.5}, {"words": "ok", "amount": 2})

    assert scores(got) == [11.5, 2.0]


def test_a_stored_text_reaches_the_model_and_an_override_wins():
    made = served(CITY, AMOUNT)
    made.put("c1", city="late")
    got = made.predictions(
        {"customer_id": "c1", "amount": 1}, {"customer_id": "c1", "amount": 1, "city": "no"}
    )

    assert scores(got) == [11.0, 1.0]


def test_a_missing_text_takes_its_default_and_without_one_is_refused():
    made = served(WORDS | {"missing": {"default": "late"}}, AMOUNT)
    [got] = made.predictions({"words": None, "amount": 0})
    assert (got["score"], got["features"]["words"]["status"]) == (10.0, "DEFAULTED")

    status, answer = served().invoke({"words": None, "amount": 0})
    assert (status, answer["OriginalStatusCode"]) == (424, 400)
    assert "lacks words" in answer["Message"]


@pytest.mark.parametrize("value", [7, True, ["late"], {"a": 1}])
def test_what_is_no_text_is_refused_by_name(value):
    status, answer = served().invoke({"words": value, "amount": 0})

    assert status == 424
    assert "'words' is a String" in answer["Message"]


@pytest.mark.parametrize("vector", [[1.0, 2.0], ["late", 2.0]])
def test_a_whole_vector_has_no_place_for_texts(vector):
    status, answer = served().invoke(vector)

    assert status == 424
    assert "send an object by field" in answer["Message"]


def test_csv_by_names_gives_a_text():
    answer = served().raw(
        "words,amount\nlate,1\n7,2\n", headers={"content-type": "text/csv; header=present"}
    )

    assert answer["body"] == "11.0\n2.0\n"


def test_the_exposure_line_has_the_text_and_its_digest_tells_texts_apart():
    made = served()
    made.predictions({"words": "late", "amount": 1.5})
    [line] = made.exposures
    [told] = line["instances"]

    assert told["inputs"] == ["late", 1.5]
    assert told["vector_sha256"] == vector_digest(["late", 1.5])
    different = {vector_digest(each) for each in (["late", 1.5], ["lat", 1.5], [nan, 1.5])}
    assert len(different) == 3


def test_a_long_text_leaves_the_exposure_line():
    made = served()
    made.predictions({"words": "x" * 300_000, "amount": 1})
    [line] = made.exposures

    assert line["vectors_cut"] is True
    assert "inputs" not in line["instances"][0]


def test_a_number_variant_and_a_text_variant_share_an_endpoint():
    runtimes = {Runtime.ONNX: OnnxRuntime(), Runtime.XGBOOST: XgboostRuntime()}
    made = Inference(runtimes=runtimes)
    spec = specification(WORDS, AMOUNT)
    text = made.model(text_and_number(), width=2, features=spec, runtime=Runtime.ONNX)
    numbers = made.model(ubj(columns=1), width=1, features=specification(AMOUNT, texts=()))
    made.serve(variant("T", text), variant("N", numbers))
    for name in ("T", "N"):
        headers = {"x-amzn-sagemaker-target-variant": name}
        [got] = made.predictions({"words": "late", "amount": 1}, headers=headers)
        assert "score" in got


def test_the_warm_up_gives_texts():
    made = served()
    event = json.loads(warm_up.request(made.endpoints.by_name["scoring"]))

    assert made.handler(event, None) == {"ok": True}


def test_one_tensor_of_texts_scores_as_its_origin():
    origin, texts, file = text_classifier()
    model = OnnxRuntime().load([file])
    found = model.predict(Matrix(array("f", [nan]) * len(texts), len(texts), 1, {0: texts}))

    assert (model.width, model.texts) == (1, {0})
    wanted = origin.predict_proba(texts)
    assert np.allclose(np.reshape(found.values, wanted.shape), wanted, atol=1e-5)


@pytest.mark.parametrize("texts", [{}, {1: ["late"]}, {0: ["late"], 1: ["late"]}])
def test_texts_in_other_columns_than_the_models_are_refused_by_the_runtime(texts):
    model = OnnxRuntime().load([text_and_number()])

    with pytest.raises(ModelError, match=r"takes texts in columns \[0\]"):
        model.predict(Matrix(array("f", [0, 0]), 1, 2, texts))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (WORDS | {"missing": "nan"}, "a text is never NaN"),
        (WORDS | {"missing": {"default": 1}}, "Its default must be a text"),
        (WORDS | {"categories": ["late"]}, "without categories"),
        (AMOUNT, "without categories"),
        (WORDS | {"size": 2}, "must be 1"),
    ],
)
def test_a_text_column_takes_a_string_without_categories(given, words):
    with pytest.raises(ValidationError, match=words):
        specification(given, texts=(0,))


def test_a_string_without_categories_is_refused_where_the_model_takes_numbers():
    with pytest.raises(ValidationError, match="must list the categories"):
        specification(WORDS, AMOUNT, texts=(1,))
