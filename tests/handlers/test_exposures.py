"""Exposure lines: one for each answered request, from which its score is recomputed exactly."""

import json
from array import array
from dataclasses import replace
from math import inf, nan

import pytest

from larder.models.exposure import vector_digest
from larder.models.ports import Matrix
from tests.handlers.test_inference import AMOUNT, CLICKS, SCORE, looked_up, specification
from tests.support.boosters import ubj
from tests.support.inference import Inference
from tests.support.models import variant

SPELLED = {None: nan, "Infinity": inf, "-Infinity": -inf}


def recomputed(made, line):
    """The scores of a line's instances, by its vectors and artefacts alone."""
    scores = []
    for each in line["instances"]:
        model = line["variants"][each["variant"]]
        loaded = made.models.runtimes["xgboost"].load(
            [made.artefacts.by_sha[sha] for sha in model["artefact_sha256"]]
        )
        row = [SPELLED.get(value, value) for value in each["inputs"]]
        assert vector_digest(row) == each["vector_sha256"]
        scores.append(loaded.predict(Matrix(array("f", row), 1, len(row))).values[0])
    return scores


def test_a_score_is_recomputed_exactly_from_its_line():
    city = {"name": "city", "feature_group": "customers", "categories": ["x"], "missing": "nan"}
    spec = specification(AMOUNT, CLICKS, city, unit="customer_id")
    made = Inference()
    models = [made.model(ubj(seed=seed), width=3, features=spec) for seed in (7, 8)]
    made.serve(variant("A", models[0]), variant("B", models[1]), generation=5)
    for number in range(40):
        made.put(f"c{number}", clicks=str(number), **({"city": "x"} if number % 2 else {}))
    got = made.predictions(*({"customer_id": f"c{n}", "amount": n / 7} for n in range(40)))
    [line] = made.exposures
    assert [each["score"] for each in got] == recomputed(made, line)
    assert (line["endpoint"], line["config"]) == ("scoring", "config")
    assert (line["deployment_generation"], line["unit_source"]) == (5, "instance")
    assert line["variants"]["A"]["spec_sha256"] == spec.sha256
    first = line["instances"][0]
    assert (first["unit"], first["statuses"]) == ("c0", {"city": "MISSING"})
    assert first["event_times"] == {"customers.customer_id": "2023-11-14T22:00:00Z"}


def test_infinite_and_missing_values_survive_the_line():
    made = Inference()
    made.serve(made.model(ubj(), width=3))
    body = "inf,,-inf\n1e300,nan,1"
    answer = made.raw(body, headers={"content-type": "text/csv"})
    scores = [float(line) for line in answer["body"].splitlines()]
    [line] = made.exposures
    assert line["instances"][0]["inputs"] == ["Infinity", None, "-Infinity"]
    assert recomputed(made, line) == scores


def test_the_callers_ids_are_in_the_line_and_one_is_made_without():
    made = looked_up()
    headers = {
        "x-amzn-sagemaker-inference-id": "mine",
        "x-amzn-sagemaker-custom-attributes": "a=b, larder-unit=u1",
    }
    made.predictions([1, 2, 3], headers=headers)
    made.predictions([1, 2, 3])
    made.predictions([1, 2, 3])
    one, two, three = made.exposures
    assert (one["inference_id"], one["custom_attributes"]) == ("mine", "a=b, larder-unit=u1")
    assert (one["instances"][0]["unit"], one["unit_source"]) == ("u1", "CustomAttributes")
    assert two["inference_id"] != three["inference_id"]


@pytest.mark.parametrize(("name", "forced"), [("AllTraffic", True), ("", False)])
def test_a_forced_variant_is_marked(name, forced):
    made = looked_up()
    made.predictions([1, 2, 3], headers={"x-amzn-sagemaker-target-variant": name} if name else {})
    assert made.exposures[0]["forced"] is forced


def test_an_instance_without_a_score_says_its_error_and_a_refused_request_has_no_line():
    made = looked_up(AMOUNT, CLICKS, SCORE)
    status, _ = made.invoke({"customer_id": "nobody", "amount": 1})
    assert (status, made.exposures) == (424, [])
    made.predictions({"customer_id": "nobody", "amount": 1}, [1, 2, 3])
    assert made.exposures[0]["instances"][0]["error"] == "MissingFeature"


@pytest.mark.parametrize(
    ("rows", "cut"), [(3, None), (1500, "vectors_cut"), (5000, "instances_cut")]
)
def test_a_line_is_never_longer_than_cloudwatch_takes(rows, cut):
    made = Inference()
    made.serve(made.model(ubj(columns=30), width=30))
    body = "\n".join([",".join(["0.123456"] * 30)] * rows)
    made.raw(body, headers={"content-type": "text/csv"})
    [line] = made.exposures
    assert len(json.dumps(line)) < 262_144
    assert {name for name in line if name.endswith("_cut")} >= ({cut} if cut else set())
    assert ("vectors_cut" in line) is (cut is not None)


def test_a_shadow_is_given_its_own_vector_by_the_same_read_and_never_answers():
    theirs = specification(SCORE, CLICKS, AMOUNT)
    made = Inference()
    first = made.model(ubj(), width=3, features=specification())
    shade = made.model(ubj(seed=8), width=3, features=theirs, name="shade")
    made.serve(variant("A", first), shadows=(variant("Shade", shade),))
    made.put("c1", clicks="3", score="0.5")
    made.predictions({"customer_id": "c1", "amount": 1})
    assert made.reader.batches == 1
    [line] = made.exposures
    [row] = line["instances"]
    assert (row["variant"], row["inputs"]) == ("A", [1, 3, 0.5])
    assert row["shadows"]["Shade"]["inputs"] == [0.5, 3, 1]
    assert line["shadows"]["Shade"]["spec_sha256"] == theirs.sha256
    assert set(line["variants"]) == {"A"}
    assert made.artefacts.reads == [first.artefacts[0].sha256]  # a shadow is not even loaded


def test_a_shadow_that_lacks_a_feature_harms_nobody():
    made = Inference()
    first = made.model(ubj(columns=1), width=1, features=specification(CLICKS))
    shade = made.model(ubj(columns=1), width=1, features=specification(SCORE))
    made.serve(variant("A", first), shadows=(variant("Shade", shade),))
    made.put("c1", clicks="3")
    [got] = made.predictions({"customer_id": "c1"})
    assert "error" not in got
    assert made.exposures[0]["instances"][0]["shadows"] == {"Shade": {"error": "MissingFeature"}}
    group = made.settings.registry.by_name["customers"]
    removed = (("larder:removed:score", ""),)
    made.settings.registry.by_name["customers"] = replace(group, tags=removed)
    [got] = made.predictions({"customer_id": "c1"})
    assert "error" not in got
    assert made.exposures[1]["instances"][0]["shadows"] == {"Shade": {"error": "FeatureRemoved"}}


def test_a_shadow_is_sampled_by_its_weight_and_by_unit():
    made = Inference()
    spec = specification(AMOUNT, unit="who")
    model = made.model(ubj(columns=1), width=1, features=spec)
    made.serve(variant("A", model), shadows=(variant("Shade", model, 0.3),))
    for start in range(0, 4000, 100):
        made.predictions(*({"who": f"u{n}", "amount": n} for n in range(start, start + 100)))
    rows = [row for line in made.exposures for row in line["instances"]]
    sampled = {row["unit"] for row in rows if "shadows" in row}
    assert len(sampled) / 4000 == pytest.approx(0.3, abs=0.03)
    made.predictions(*({"who": f"u{n}", "amount": 1} for n in range(100)))
    again = {row["unit"] for row in made.exposures[-1]["instances"] if "shadows" in row}
    assert again == sampled & {f"u{n}" for n in range(100)}
