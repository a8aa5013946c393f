"""The inference function's exposure lines: one for each answered request, whatever happens to it."""

import json
from math import inf, nan

import pytest

from larder.models import score
from larder.models.api.exposure_log import ExposureLog
from larder.models.expose import vector_sha256
from larder.models.exposure_line import MOST_BYTES, from_line
from larder.telemetry.log import Log
from tests.handlers.test_inference import AMOUNT, CLICKS, SCORE, specification
from tests.support.boosters import booster, predict, ubj
from tests.support.inference import NOW, Inference
from tests.support.models import variant
from tests.support.stores import Refusing

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captures/here",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


class Logged(Inference):
    """An inference function whose lines are kept; ``broken`` has each of them fail."""

    def __init__(self, *groups, broken=False, **more):
        self.written, self.log_lines, self.broken = [], [], broken
        log = Log(write=self.log_lines.append)
        super().__init__(*groups, tell=ExposureLog(log, self._write, lambda: NOW), **more)

    def _write(self, line):
        if self.broken:
            raise OSError("no room left")
        self.written.append(line)

    @property
    def exposures(self):
        return [from_line(each) for each in self.written]


def served(*inputs, shadows=(), **more):
    made = Logged(**more)
    spec = specification(*inputs)
    model = made.model(ubj(columns=len(inputs) or 3), width=len(inputs) or 3, features=spec)
    made.serve(model, shadows=tuple(each(made) for each in shadows))
    return made


def shadow(*inputs, weight=1.0, seed=9, missing=None):
    """A shadow variant that has inputs of its own."""
    inputs = inputs or (CLICKS, SCORE)
    inputs = tuple(each | ({"missing": missing} if missing else {}) for each in inputs)

    def make(made):
        spec = specification(*inputs)
        file = ubj(columns=len(inputs), seed=seed)
        model = made.model(file, width=len(inputs), features=spec, name="shadowed")
        return variant("Shadow", model, weight=weight)

    return make


def test_a_line_says_what_the_model_was_given_and_what_it_said():
    made = served()
    made.put("c1", clicks="3", score="0.5")
    headers = {
        "x-amzn-sagemaker-inference-id": "i-1",
        "x-amzn-sagemaker-custom-attributes": "larder-unit=ann",
    }
    [got] = made.predictions({"customer_id": "c1", "amount": 1.5}, headers=headers)
    [exposure] = made.exposures
    assert (exposure.inference_id, exposure.endpoint, exposure.generation) == ("i-1", "scoring", 1)
    assert exposure.unit_source == "CustomAttributes"
    assert exposure.attributes == "larder-unit=ann"
    assert exposure.answered_at == NOW // 1000
    [met], [instance] = exposure.variants, exposure.instances
    assert (met.name, met.config, met.weights) == ("AllTraffic", "config", {"AllTraffic": 1.0})
    assert met.model is None
    assert instance.unit == "ann"
    assert instance.inputs == [1.5, 3.0, 0.5]
    assert instance.vector_sha256 == vector_sha256([1.5, 3.0, 0.5])
    assert instance.scores == [got["score"]]
    assert instance.event_times == {"customers/customer_id": "2023-11-14T22:00:00Z"}


def test_the_score_is_computed_again_exactly_from_its_line():
    made = served(AMOUNT, CLICKS | {"missing": "nan"}, SCORE | {"missing": "nan"})
    made.put("c1", clicks="3", score="0.1")
    made.predictions(*({"customer_id": c, "amount": a} for c, a in [("c1", 0.1), ("c2", 1e30)]))
    [exposure] = made.exposures
    again = [predict(booster(), [each.inputs])[0] for each in exposure.instances]
    assert [each.scores for each in exposure.instances] == [[each] for each in again]
    assert exposure.instances[1].statuses == {"clicks": "MISSING", "score": "MISSING"}


def test_infinities_and_nan_come_back_from_a_line():
    made = Logged()
    made.serve(made.model(ubj(columns=3), width=3))
    made.raw("inf,-inf,", headers={"content-type": "text/csv"})
    [instance] = made.exposures[0].instances
    assert instance.inputs[:2] == [inf, -inf]
    assert instance.inputs[2] != instance.inputs[2]
    assert instance.vector_sha256 == vector_sha256([inf, -inf, nan])


def test_an_instance_without_a_score_has_its_reason():
    made = served(store=Refusing(unread={"c2"}))
    made.put("c1", clicks="1", score="0.5")
    made.predictions(*({"customer_id": each, "amount": 1} for each in ("c1", "c2", "c3")))
    statuses = [each.status for each in made.exposures[0].instances]
    assert statuses == ["OK", "Throttled", "MissingFeature"]


def test_a_request_that_is_refused_has_no_line():
    made = served()
    assert made.invoke({"customer_id": "nobody", "amount": 1})[0] == 424
    assert made.written == []


def test_a_request_that_has_no_inference_id_gets_one_of_its_own():
    made = served()
    made.put("c1", clicks="3", score="0.5")
    for _ in range(2):
        made.predictions({"customer_id": "c1", "amount": 1})
    assert len({each.inference_id for each in made.exposures}) == 2


def test_what_keeps_a_line_from_being_written_costs_the_answer_nothing():
    made = served(broken=True)
    made.put("c1", clicks="3", score="0.5")
    made.predictions({"customer_id": "c1", "amount": 1})
    lines = [json.loads(each) for each in made.log_lines]
    assert lines[0]["message"] == "an exposure was lost"
    assert lines[1]["ExposuresLost"] == 1


def test_a_line_that_would_be_too_long_is_cut_and_says_so():
    made = Logged()
    made.serve(made.model(ubj(columns=300), width=300), capture=CAPTURE)
    rows = [[1.23456789 + each / 7] * 300 for each in range(100)]
    made.raw(json.dumps({"instances": rows}), headers={"content-type": "application/json"})
    assert len(made.written[0]) <= MOST_BYTES
    [exposure] = made.exposures
    assert exposure.cut == ("inputs", "capture")
    assert [each.inputs for each in exposure.instances] == [None] * 100
    assert exposure.instances[5].vector_sha256 == vector_sha256(rows[5])
    assert all(each.scores for each in exposure.instances)


def test_a_shadow_gets_the_vector_of_its_own_specification_in_the_same_batch_read():
    made = served(shadows=[shadow()])
    made.put("c1", clicks="3", score="0.5")
    made.predictions({"customer_id": "c1", "amount": 1})
    assert made.reader.batches == 1
    [exposure] = made.exposures
    answered, shadowed = exposure.instances
    assert (answered.inputs, shadowed.inputs) == ([1.0, 3.0, 0.5], [3.0, 0.5])
    assert (exposure.is_shadow(answered), exposure.is_shadow(shadowed)) == (False, True)
    assert shadowed.scores is None
    asked = json.loads(score.request(exposure.variants[1].model, [shadowed.inputs]))
    scores = json.dumps(made.handler(asked, None)).encode()
    expected = predict(booster(columns=2, seed=9), [[3, 0.5]])[0]
    assert score.scores_of(scores, 1) == [[expected]]


@pytest.mark.parametrize(
    ("weight", "units", "least", "most"), [(0.3, 2000, 0.27, 0.33), (0, 50, 0, 0), (5, 50, 1, 1)]
)
def test_a_shadow_takes_the_units_of_its_weight_always_or_never(weight, units, least, most):
    made = served(shadows=[shadow(weight=weight)])
    made.put("c1", clicks="3", score="0.5")
    for _ in range(2):
        for unit in range(units):
            headers = {"x-amzn-sagemaker-session-id": f"u{unit}"}
            made.invoke({"customer_id": "c1", "amount": 1}, headers=headers)
    taken = [each.instances[0].unit for each in made.exposures if len(each.instances) > 1]
    assert least <= len(set(taken)) / units <= most
    assert len(taken) == 2 * len(set(taken))


@pytest.mark.parametrize(
    ("made_shadow", "instance", "status"),
    [
        (shadow(CLICKS | {"key": "other_id"}), {"amount": 1}, "InvalidInput"),
        (shadow(CLICKS, missing="fail"), {"amount": 1, "customer_id": "c9"}, "MissingFeature"),
    ],
)
def test_a_shadow_without_a_vector_costs_the_answer_nothing(made_shadow, instance, status):
    made = served(AMOUNT, shadows=[made_shadow])
    [got] = made.predictions(instance)
    assert "score" in got
    answered, shadowed = made.exposures[0].instances
    assert (answered.status, shadowed.status) == ("OK", status)


def test_a_bug_in_a_shadow_costs_the_answer_nothing(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError

    made = served(shadows=[shadow()])
    made.put("c1", clicks="3", score="0.5")
    for name in ("planned", "filled"):
        with monkeypatch.context() as patch:
            patch.setattr(f"larder.models.shadows.{name}", broken)
            made.predictions({"customer_id": "c1", "amount": 1})
    statuses = [each.instances[1].status for each in made.exposures]
    assert statuses == ["InternalFailure"] * 2


def test_what_a_capture_asks_for_is_in_the_line():
    made = served()
    made.change(capture=CAPTURE)
    made.put("c1", clicks="3", score="0.5")
    body = json.dumps({"instances": [{"customer_id": "c1", "amount": 1}]})
    answer = made.raw(body, headers={"content-type": "application/json"})
    [exposure] = made.exposures
    assert exposure.capture.destination == "s3://captures/here"
    assert exposure.capture.input.data == body
    assert exposure.capture.output.data == answer["body"]
    assert exposure.capture.output.encoding == "JSON"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"model": {}, "vectors": [[1.0]]},
        [],
        None,
        {"model": None, "vectors": 5},
    ],
)
def test_a_request_for_scores_that_is_wrong_is_answered_with_words(asked):
    answer = served().handler({"score": asked}, None)
    assert answer["error"]
