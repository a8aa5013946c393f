"""Invocations of any form: no bug is reached, answers are JSON, and scores are those of an oracle."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from larder.models.served import Contract
from tests.handlers.test_inference import AMOUNT, CLICKS, SCORE, specification
from tests.support.boosters import booster, predict, ubj
from tests.support.inference import Inference

FRESH, OLD = "2023-11-14T22:13:00Z", "2023-11-14T20:00:00Z"
INPUTS = (
    AMOUNT | {"missing": {"default": 4}},
    CLICKS | {"missing": "nan", "max_age_seconds": 3600},
    SCORE | {"missing": {"default": 1.5}, "key": "other"},
)
RECORDS = {
    "c0": {"clicks": "3", "score": "0.5", "event_time": FRESH},
    "c1": {"clicks": "-7", "event_time": FRESH},
    "c2": {"score": "2.25", "event_time": FRESH},
    "c3": {"clicks": "11", "score": "0.125", "event_time": OLD},
}


@pytest.fixture(scope="module", params=Contract)
def made(request):
    """One endpoint of each contract, with a few records."""
    one = Inference()
    spec = specification(*INPUTS, unit="customer_id")
    one.serve(one.model(ubj(), width=3, features=spec, contract=request.param))
    for identifier, values in RECORDS.items():
        one.put(identifier, **values)
    return one


def oracle(instance):
    """The columns of an instance, by the specification read in plain words."""

    def stored(key, feature):
        return RECORDS.get(instance[key], {}).get(feature)

    amount, clicks, score = (instance.get(name) for name in ("amount", "clicks", "score"))
    if "clicks" not in instance and (text := stored("customer_id", "clicks")) is not None:
        clicks = float(text) if RECORDS[instance["customer_id"]]["event_time"] == FRESH else None
    if "score" not in instance and (text := stored("other", "score")) is not None:
        score = float(text)
    return [
        4.0 if amount is None else amount,
        math.nan if clicks is None else clicks,
        1.5 if score is None else score,
    ]


IDENTIFIER = st.sampled_from([*RECORDS, "nobody", None])
NUMBER = st.none() | st.floats(-1e6, 1e6, width=32) | st.integers(-1000, 1000)
INSTANCE = st.fixed_dictionaries(
    {"customer_id": IDENTIFIER, "other": IDENTIFIER},
    optional={"amount": NUMBER, "clicks": st.none() | st.integers(-9, 9), "score": NUMBER},
)
QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(st.lists(INSTANCE, min_size=1, max_size=8))
def test_scores_are_those_of_the_columns_that_an_oracle_finds(made, instances):
    answer = made.raw(
        json.dumps({"instances": instances}), headers={"content-type": "application/json"}
    )
    got = json.loads(answer["body"])["predictions"]
    assert [each["score"] for each in got] == predict(booster(), [oracle(i) for i in instances])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["c0", "amount", "all", "instances"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["instances", "parameters", "features", "data", "values", "amount", "clicks",
                         "customer_id", "other", "variant_of", "dataframe_split", "columns", "inputs",
                         "index", "dataframe_records", "keys", "shape"]) | st.text(max_size=3),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
BODY = (
    JSON.map(json.dumps).map(str.encode)
    | st.lists(INSTANCE | JSON, max_size=3).map(lambda x: json.dumps({"instances": x}).encode())
    | st.text("0123456789.,;:\t\n -+eEnaifNI\"'x", max_size=60).map(str.encode)
    | st.binary(max_size=40)
)
MEDIA = st.sampled_from(
    ["application/json", "application/jsonlines", "text/csv", "text/csv;header=present", "text/libsvm",
     "text/csv; label_size=2", "application/json, text/csv", "x", ""]
)  # fmt: skip
ACCEPT = st.sampled_from(
    ["", "*/*", "text/csv", "application/json", "application/jsonlines", "x/y"]
)


@QUIET
@given(BODY, MEDIA, ACCEPT)
def test_no_body_reaches_a_bug_and_every_answer_is_of_its_type(made, body, media, accept):
    headers = {"content-type": media} | ({"accept": accept} if accept else {})
    answer = made.raw(body, headers=headers)
    if answer["statusCode"] == 200:
        if answer["headers"]["content-type"] == "application/json":
            json.loads(answer["body"], parse_constant=pytest.fail)
        return
    members = json.loads(answer["body"])
    assert answer["statusCode"] == 424, members
    assert members["OriginalStatusCode"] in {400, 404, 406, 413, 415}
    assert 0 < len(members["OriginalMessage"]) <= 1024
