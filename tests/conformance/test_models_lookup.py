"""Features looked up at an invocation, and variants that stay with a unit."""

import json

import numpy as np
import pytest

from tests.conformance.model_store import OWN_IMAGE, ROWS, csv, variant
from tests.conformance.refusals import refusal
from tests.conformance.store import T0
from tests.conformance.waiting import eventually
from tests.support import boosters
from tests.support.artefacts import linear

FEATURES = {"id": "String", "at": "String", "spend": "Fractional", "visits": "Fractional"}
COUNT = 20


def spec(group, **changes):
    inputs = [
        {"name": "spend", "feature_group": group, "key": "customer"},
        {"name": "visits", "feature_group": group, "key": "customer"},
        {"name": "amount", "source": "request", "type": "Fractional"},
    ]
    return {"version": 1, "unit": "customer", "inputs": inputs} | changes


def customers(store, **settings):
    """A group of twenty customers, by its name."""
    name = store.create("customers", features=FEATURES, **settings)
    for place in range(COUNT):
        spend, visits = (repr(float(each)) for each in ROWS[place][:2])
        store.put(name, f"{place}", T0, {"spend": spend, "visits": visits})
    return name


@pytest.fixture(scope="module", params=["Standard", "InMemory"])
def group(request, store):
    return customers(store, online={"StorageType": request.param})


def looking_up(models, group, data=None, **changes):
    """A model whose archive has a feature specification; its name."""
    text = json.dumps(spec(group, **changes)).encode()
    entries = (("m", data or boosters.ubj()), ("larder/features.json", text))
    return models.model(models.archive(*entries), image=OWN_IMAGE)


@pytest.fixture(scope="module")
def scoring(models, group):
    return models.serve(variant(looking_up(models, group)))


def instances(places=range(COUNT)):
    return [{"customer": f"{n}", "amount": float(ROWS[n][2])} for n in places]


OWN = boosters.predict(boosters.booster(), ROWS[:COUNT])


def test_row_259_265_scores_by_key_equal_the_offline_computation(models, scoring):
    found = models.predictions(scoring, instances())
    assert [each["score"] for each in found] == pytest.approx(OWN, abs=1e-6)


def test_row_261_a_number_and_a_text_are_one_identifier(models, scoring):
    given = {"customer": 3, "amount": float(ROWS[3][2])}
    assert models.predictions(scoring, [given])[0]["score"] == OWN[3]


def test_row_260_an_override_wins_and_bad_values_are_named(models, scoring):
    row = [float(each) for each in ROWS[0]]
    given = {"customer": "none", "spend": row[0], "visits": row[1], "amount": row[2]}
    assert models.predictions(scoring, [given])[0]["score"] == OWN[0]
    for wrong, words in (({"spend": "much"}, "'spend'"), ({"spent": 1.0}, "spend")):
        body = json.dumps({"instances": [{**instances([0])[0], **wrong}]})
        members = {"ContentType": "application/json", "Body": body}
        error = refusal(models.rt.invoke_endpoint, EndpointName=scoring, **members).response
        assert error["OriginalStatusCode"] == 400
        assert words in error["OriginalMessage"]


def test_row_262_263_one_without_a_record_leaves_the_others_their_scores(models, scoring):
    given = [*instances([0]), {"customer": "nobody", "amount": 1.0}, *instances([1])]
    first, second, third = models.predictions(scoring, given)
    assert (first["score"], third["score"]) == (OWN[0], OWN[1])
    assert "error" in second
    assert "score" not in second
    body = json.dumps({"instances": instances([0]) * 101})
    members = {"ContentType": "application/json", "Body": body}
    error = refusal(models.rt.invoke_endpoint, EndpointName=scoring, **members).response
    assert error["OriginalStatusCode"] == 400


def test_row_271_a_header_in_csv_names_the_fields(models, scoring):
    lines = ["customer,amount", *(f"{n},{float(ROWS[n][2])!r}" for n in range(3))]
    answer = models.invoke(scoring, "\n".join(lines), "text/csv; header=present")
    assert [float(line) for line in answer["Body"].split()] == OWN[:3]


def test_row_265_a_deleted_record_is_missing(models, store, group, scoring):
    store.put(group, "gone", T0, {"spend": "1.0", "visits": "2.0"})
    given = [{"customer": "gone", "amount": 1.0}, *instances([0])]
    assert "score" in models.predictions(scoring, given)[0]
    store.delete(group, "gone", "2024-01-02T00:00:00Z")
    assert "error" in models.predictions(scoring, given)[0]


def test_row_264_missing_values_are_not_for_an_onnx_model_that_may_not_take_them(models, group):
    inputs = [{**each, "missing": "nan"} for each in spec(group)["inputs"][:2]]
    inputs.append(spec(group)["inputs"][2])
    with pytest.raises(models.sm.exceptions.ClientError, match="nan_safe"):
        looking_up(models, group, linear()[1], inputs=inputs)


def test_row_268_a_group_created_again_breaks_the_endpoint_loudly(models, store, target):
    name = customers(store)
    made = looking_up(models, name)
    store.sm.delete_feature_group(FeatureGroupName=name)  # no endpoint serves the model yet
    store.wait_gone(name)
    store.create(name=name, features=FEATURES)
    store.put(name, "0", T0, {"spend": "1.0", "visits": "1.0"})
    endpoint = models.serve(variant(made))
    body = json.dumps({"instances": instances([0])})

    def said():
        try:
            models.invoke(endpoint, body, "application/json")
        except models.rt.exceptions.ModelError as error:
            return error.response["OriginalMessage"]
        return ""

    assert name in eventually(said, seconds=target.settings_seconds)
    again = models.serve(variant(looking_up(models, name)))
    assert "score" in models.predictions(again, instances([0]))[0]


def test_row_269_what_an_endpoint_reads_is_not_taken_from_it(models, store):
    name = customers(store)
    made = looking_up(models, name)
    endpoint = models.serve(variant(made))
    arn = store.sm.describe_feature_group(FeatureGroupName=name)["FeatureGroupArn"]
    gone = [{"Key": "larder:removed:spend", "Value": "unused"}]
    for operation, members in (
        (store.sm.delete_feature_group, {"FeatureGroupName": name}),
        (store.sm.add_tags, {"ResourceArn": arn, "Tags": gone}),
    ):
        text = str(refusal(operation, **members))
        assert f"model {made} of endpoint {endpoint}" in text
    assert models.predictions(endpoint, instances([0]))[0]["score"] == OWN[0]
    models.sm.delete_endpoint(EndpointName=endpoint)
    store.sm.add_tags(ResourceArn=arn, Tags=gone)
    store.sm.delete_feature_group(FeatureGroupName=name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": 1}, "extra"),
        ({"inputs": spec("g")["inputs"][2:]}, "1"),
        ({"unit": "x" * 70_000}, "64 KB"),
    ],
)
def test_row_270_a_specification_that_does_not_fit_is_refused(models, group, changes, words):
    with pytest.raises(models.sm.exceptions.ClientError, match=words):
        looking_up(models, group, **changes)


def test_row_270_a_group_that_does_not_exist_is_named(models):
    with pytest.raises(models.sm.exceptions.ClientError, match="no-such-group"):
        looking_up(models, "no-such-group")


@pytest.fixture(scope="module")
def halves(models):
    """An endpoint of two variants of equal weight."""
    made = [models.model(models.archive(("m", boosters.ubj(seed=seed)))) for seed in (1, 2)]
    return models.serve(variant(made[0], "a"), variant(made[1], "b"))


def variant_of(models, endpoint, **members):
    return models.invoke(endpoint, csv(ROWS[:1]), **members)["InvokedProductionVariant"]


def test_row_273_275_a_unit_stays_and_attributes_come_before_the_session(models, halves):
    units = [f"u{n}" for n in range(30)]
    by_session = {each: variant_of(models, halves, SessionId=each) for each in units}
    assert set(by_session.values()) == {"a", "b"}
    assert by_session == {each: variant_of(models, halves, SessionId=each) for each in units}
    by_attribute = {
        each: variant_of(models, halves, CustomAttributes=f"larder-unit={each}", SessionId="other")
        for each in units
    }
    assert by_attribute == by_session


def test_row_275_without_a_unit_both_variants_are_seen(models, halves):
    seen = {variant_of(models, halves) for _ in range(40)}
    assert seen == {"a", "b"}


def test_row_274_a_raised_weight_draws_units_only_to_itself(models):
    made = models.model()
    name = models.serve(variant(made, "a"), variant(made, "b"), variant(made, "c", 0.2))
    units = [f"u{n}" for n in range(60)]
    before = [variant_of(models, name, SessionId=each) for each in units]
    models.sm.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "c", "DesiredWeight": 2.0}],
    )
    models.wait(name)

    def moved():
        after = [variant_of(models, name, SessionId=each) for each in units]
        return [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]

    assert {to for _, to in eventually(moved, seconds=60)} == {"c"}


def test_row_276_two_endpoints_assign_independently(models, halves):
    made = models.model()
    other = models.serve(variant(made, "a"), variant(made, "b"))
    units = [f"u{n}" for n in range(100)]
    same = [
        variant_of(models, halves, SessionId=each) == variant_of(models, other, SessionId=each)
        for each in units
    ]
    assert 0.25 < np.mean(same) < 0.75
