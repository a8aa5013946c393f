"""SageMaker's metrics of an endpoint: one line a request and variant, which CloudWatch reads."""

import json

import pytest

from larder.models.invocation_metrics import UNITS
from larder.telemetry.log import Log
from larder.wiring.inference import measures
from tests.handlers.test_inference import AMOUNT, specification
from tests.support.boosters import ubj
from tests.support.inference import Inference
from tests.support.models import fleet, variant

CSV = {"content-type": "text/csv"}
NOW = 1_700_000_000.5


@pytest.fixture
def lines():
    return []


@pytest.fixture
def made(lines):
    log = Log({"Stage": "dev", "Function": "inference"}, lines.append, lambda: NOW)
    return Inference(measure=measures("dev", log))


def read(line):
    """The metrics of a line as CloudWatch reads them, by each of its sets of dimensions."""
    document = json.loads(line)
    (one,) = document["_aws"]["CloudWatchMetrics"]
    assert one["Namespace"] == "Larder"
    assert {each["Name"]: each["Unit"] for each in one["Metrics"]} == UNITS
    assert document["_aws"]["Timestamp"] == int(NOW * 1000)
    values = {name: document[name] for name in UNITS}
    assert values.pop("Invocations") == 1
    assert values.pop("ModelLatency") >= 0
    dimensions = [tuple(document[name] for name in names) for names in one["Dimensions"]]
    return dimensions, tuple(values.values())


def metrics(made, lines, body="1,2,3", **headers):
    made.raw(body, headers=CSV | headers)
    found = [read(line) for line in lines]
    lines.clear()
    return found


def test_an_answer_is_an_invocation_without_an_error(made, lines):
    made.serve(made.model(ubj(), width=3))
    assert metrics(made, lines) == [([("dev", "scoring", "AllTraffic")], (0, 0))]


def test_what_a_model_refuses_is_an_error_of_the_caller(made, lines):
    made.serve(made.model(ubj(), width=3))
    assert metrics(made, lines, "1,2,3,4,5") == [([("dev", "scoring", "AllTraffic")], (1, 0))]
    assert metrics(made, lines, "not,a,number") == [([("dev", "scoring", "AllTraffic")], (1, 0))]


def test_a_model_that_cannot_be_loaded_is_an_error_of_the_server(made, lines):
    model = made.model(ubj(), width=3)
    made.artefacts.by_sha.clear()
    made.serve(variant("A", model), variant("B", model, weight=0.0))
    assert metrics(made, lines) == [([("dev", "scoring", "A")], (0, 1))]


def test_while_an_update_moves_traffic_the_new_fleet_has_a_series_of_its_own(made, lines):
    model, other = made.model(ubj(), width=3), made.model(ubj(seed=8), width=3)
    made.serve(model)
    made.change(green=fleet("new", variant(model=other)), green_share=0.5)
    seen = {each[0][1] for number in range(40) for each in _of_unit(made, lines, number)}
    assert seen == {("dev", "scoring", "AllTraffic", name) for name in ("config", "new")}


def _of_unit(made, lines, number):
    found = metrics(made, lines, **{"x-amzn-sagemaker-session-id": f"u{number}"})
    assert [each[0][0] for each in found] == [("dev", "scoring", "AllTraffic")]
    return found


def test_a_request_without_an_endpoint_or_a_right_has_no_metrics(made, lines):
    assert metrics(made, lines, "1,2,3") == []
    made.serve(made.model(ubj(), width=3))
    assert metrics(made, lines, **{"x-amzn-sagemaker-target-variant": "none"}) == []


def test_a_request_that_meets_two_variants_counts_for_both(made, lines):
    inputs = [{**AMOUNT, "name": name} for name in "abc"]
    model = made.model(ubj(), width=3, features=specification(*inputs, unit="who"))
    made.serve(variant("A", model), variant("B", model))
    made.invoke(*({"who": f"u{n}", "a": 1, "b": 2, "c": 3} for n in range(20)))
    assert {name for line in lines for _, _, name in read(line)[0]} == {"A", "B"}
    assert len(lines) == 2


def test_metrics_that_cannot_be_written_take_no_answer_away(lines):
    def stopped():
        raise OSError("no clock")

    made = Inference(measure=measures("dev", Log({}, lines.append, stopped)))
    made.serve(made.model(ubj(), width=3))
    assert made.raw("1,2,3", headers=CSV)["statusCode"] == 200
    assert [json.loads(line)["message"] for line in lines] == ["metrics were lost"]
