"""The inference function's exposure lines as the exposure writer reads them."""

import json
from operator import attrgetter

import pytest

from larder.models import score, shadows
from larder.models.exposure_line import from_line
from larder.telemetry.log import Log
from larder.wiring.inference import exposures
from tests.handlers.test_inference import AMOUNT, CLICKS, SCORE, specification
from tests.support.boosters import booster, predict, ubj
from tests.support.inference import Inference
from tests.support.models import variant

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captures/here",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


class Logged(Inference):
    """An inference function whose lines are read; with ``broken`` the first one fails."""

    def __init__(self, *groups, broken=False, **more):
        self.written, self.broken = [], broken
        super().__init__(*groups, **more)
        self._tell = exposures(Log(write=self._write))

    def note(self, answered):
        self._tell(answered)

    def _write(self, line):
        if self.broken:
            self.broken = False
            raise OSError("no room left")
        self.written.append(line)

    @property
    def read(self):
        return [from_line(each) for each in self.written]


def served(*inputs, shadow=(), missing="nan", **more):
    """An endpoint with a shadow of the inputs ``shadow``, if any."""
    made = Logged(**more)
    columns = len(inputs) or 3
    model = made.model(
        ubj(columns=columns), width=columns, features=specification(*inputs), name="answers"
    )
    seconds = ()
    if shadow:
        theirs = [each | {"missing": missing} for each in shadow]
        file = ubj(columns=len(theirs), seed=9)
        spec = specification(*theirs)
        shadowed = made.model(file, width=len(theirs), features=spec, name="shadowed")
        seconds = (variant("Shadow", shadowed),)
    made.serve(variant("A", model), shadows=seconds)
    return made


def test_a_line_is_read_back_with_all_that_it_says():
    made = served()
    made.put("c1", clicks="3", score="0.5")
    headers = {
        "x-amzn-sagemaker-inference-id": "i-1",
        "x-amzn-sagemaker-custom-attributes": "larder-unit=ann",
    }
    [got] = made.predictions({"customer_id": "c1", "amount": 1.5}, headers=headers)
    [exposure] = made.read
    assert (exposure.inference_id, exposure.endpoint, exposure.generation) == ("i-1", "scoring", 1)
    assert (exposure.unit_source, exposure.attributes) == ("CustomAttributes", "larder-unit=ann")
    [met], [instance] = exposure.variants, exposure.instances
    assert (met.name, met.config, met.weights) == ("A", "config", {"A": 1.0})
    assert (met.model, met.model_name) == (None, "answers")
    assert (instance.unit, instance.inputs) == ("ann", [1.5, 3.0, 0.5])
    assert instance.scores == [got["score"]] == [predict(booster(), [instance.inputs])[0]]
    assert instance.event_times == {"customers.customer_id": "2023-11-14T22:00:00Z"}


def test_each_variant_has_the_weights_that_it_was_chosen_by():
    made = Logged()
    spec = specification(unit="customer_id")
    model = made.model(ubj(), width=3, features=spec)
    made.serve(variant("A", model, 70), variant("B", model, 30))
    for number in range(40):
        made.put(f"c{number}", clicks="1", score="0.5")
    made.predictions(*({"customer_id": f"c{n}", "amount": 1} for n in range(40)))
    [exposure] = made.read
    assert [each.weights for each in exposure.variants] == [{"A": 70, "B": 30}] * 2
    assert {each.variant for each in exposure.instances} == {0, 1}


def test_what_keeps_a_line_from_being_written_costs_the_answer_nothing():
    made = served(broken=True)
    made.predictions([1, 2, 3])
    lost, metric = map(json.loads, made.written)
    assert lost["message"] == "an exposure was lost"
    assert metric["ExposuresLost"] == 1


def test_a_shadow_is_scored_from_its_line_by_a_direct_call():
    made = served(shadow=(CLICKS, SCORE))
    made.put("c1", clicks="3", score="0.5")
    made.predictions({"customer_id": "c1", "amount": 1})
    [exposure] = made.read
    answered, shadowed = exposure.instances
    assert (answered.inputs, shadowed.inputs) == ([1.0, 3.0, 0.5], [3.0, 0.5])
    assert (exposure.is_shadow(answered), exposure.is_shadow(shadowed)) == (False, True)
    request = json.loads(score.request(exposure.variants[1].model, [shadowed.inputs]))
    answer = json.dumps(made.handler(request, None)).encode()
    expected = predict(booster(columns=2, seed=9), [[3, 0.5]])[0]
    assert score.scores_of(answer, 1) == [[expected]]


@pytest.mark.parametrize(
    ("shadow", "instance", "status"),
    [
        (CLICKS | {"key": "other_id"}, {"amount": 1}, "InvalidInput"),
        (CLICKS, {"amount": 1, "customer_id": "c9"}, "MissingFeature"),
    ],
)
def test_a_shadow_without_a_vector_has_its_reason(shadow, instance, status):
    made = served(AMOUNT, shadow=(shadow,), missing="fail")
    made.predictions(instance)
    assert [each.status for each in made.read[0].instances] == ["OK", status]


@pytest.mark.parametrize("broken", ["planned", "Filler.filled"])
def test_a_bug_in_a_shadows_path_costs_the_answer_nothing(monkeypatch, broken):
    whole = attrgetter(broken)(shadows)

    def raises(*given):
        models = [getattr(each, "model", each) for each in given]
        if any(getattr(each, "name", "") == "shadowed" for each in models):
            raise RuntimeError
        return whole(*given)

    made = served(shadow=(CLICKS, SCORE))
    made.put("c1", clicks="3", score="0.5")
    monkeypatch.setattr(f"larder.models.shadows.{broken}", raises)
    made.predictions({"customer_id": "c1", "amount": 1})
    assert [each.status for each in made.read[0].instances] == ["OK", "InternalFailure"]
    told = json.loads(made.written[0])["instances"][0]["shadows"]["Shadow"]["problem"]
    assert told.startswith("RuntimeError at raises:")


def test_what_a_capture_asks_for_is_in_the_line():
    made = served()
    made.change(capture=CAPTURE)
    body = json.dumps({"instances": [[1, 2, 3]]})
    answer = made.raw(body, headers={"content-type": "application/json"})
    capture = made.read[0].capture
    assert capture.destination == "s3://captures/here"
    assert (capture.input.data, capture.output.data) == (body, answer["body"])
    assert capture.output.encoding == "JSON"


def test_what_is_captured_leaves_a_line_that_would_be_too_long_before_the_vectors_do():
    made = Logged()
    made.serve(made.model(ubj(columns=300), width=300), capture=CAPTURE)
    body = json.dumps({"instances": [[1.23456 + n] * 300 for n in range(70)]})
    made.raw(body, headers={"content-type": "application/json"})
    assert len(made.written[0]) < 262_144
    [exposure] = made.read
    assert (exposure.capture, exposure.cut) == (None, ("capture",))
    assert all(len(each.inputs) == 300 for each in exposure.instances)


@pytest.mark.parametrize(
    "asked",
    [{}, {"model": {}, "vectors": [[1.0]]}, [], None, {"model": None, "vectors": 5}],
)
def test_a_request_for_scores_that_is_wrong_is_answered_with_words(asked):
    assert served().handler({"score": asked}, None)["error"]
