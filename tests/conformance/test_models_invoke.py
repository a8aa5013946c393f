"""InvokeEndpoint: members, errors, and the forms of SageMaker's built-in XGBoost."""

import json

import numpy as np
import pytest
import xgboost

from tests.conformance.model_store import OWN_IMAGE, ROWS, csv, variant
from tests.conformance.refusals import refusal
from tests.support import boosters

FIVE = ROWS[:5]
OWN = boosters.predict(boosters.booster(), FIVE)


def invoking(models, endpoint, body=None, content_type="text/csv", **members):
    """The error of an invocation that must fail."""
    given = {"Body": csv(FIVE) if body is None else body, "ContentType": content_type}
    return refusal(models.rt.invoke_endpoint, EndpointName=endpoint, **given | members).response


@pytest.fixture(scope="module")
def classes(models):
    """An endpoint of three classes' probabilities."""
    return models.serve(variant(models.model(models.archive(("m", softprob())))))


def softprob():
    return bytes(boosters.booster("multi:softprob").save_raw("ubj"))


def test_row_242_without_types_libsvm_comes_in_and_csv_goes_out(models, endpoint):
    body = "\n".join(" ".join(f"{n}:{float(v)!r}" for n, v in enumerate(row)) for row in FIVE)
    answer = models.rt.invoke_endpoint(EndpointName=endpoint, Body=body)
    assert answer["ContentType"].startswith("text/csv")
    assert answer["Body"].read().decode() == "".join(f"{score}\n" for score in OWN)


def test_row_243_a_target_variant_is_honoured_and_named_in_the_answer(models):
    made = [models.model(models.archive(("m", boosters.ubj(seed=seed)))) for seed in (1, 2)]
    name = models.serve(variant(made[0], "a"), variant(made[1], "b", 0.0))
    answer = models.invoke(name, csv(FIVE), TargetVariant="b")
    assert answer["InvokedProductionVariant"] == "b"
    assert [float(line) for line in answer["Body"].split()] == boosters.predict(
        boosters.booster(seed=2), FIVE
    )
    assert models.invoke(name, csv(FIVE))["InvokedProductionVariant"] == "a"
    error = invoking(models, name, TargetVariant="c")["Error"]
    assert error["Code"] == "ValidationError"
    assert "'c'" in error["Message"]


@pytest.mark.parametrize(
    "members",
    [
        {"SessionId": "NEW_SESSION"},
        {"TargetModel": "m.tar.gz"},
        {"TargetContainerHostname": "one"},
        {"InferenceComponentName": "part"},
        {"EnableExplanations": "true"},
    ],
)
def test_row_244_members_without_effect_are_refused_by_name(models, endpoint, members):
    error = invoking(models, endpoint, **members)["Error"]
    assert error["Code"] == "ValidationError"
    assert next(iter(members)) in error["Message"]


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("invoke_endpoint_async", {"InputLocation": "s3://a/b"}),
        ("invoke_endpoint_with_response_stream", {"Body": b"1"}),
    ],
)
def test_row_245_other_operations_are_refused_with_the_cure(models, endpoint, operation, members):
    error = refusal(getattr(models.rt, operation), EndpointName=endpoint, **members)
    assert error.response["Error"]["Code"] == "ValidationError"
    assert "InvokeEndpoint" in error.response["Error"]["Message"]


def test_row_246_a_model_error_has_its_members_at_the_top(models, endpoint):
    response = invoking(models, endpoint, "a,b,c")
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 415
    assert "Loading csv data failed" in response["OriginalMessage"]
    assert response["LogStreamArn"].startswith("arn:aws:logs:")
    assert "Received client error (415) from primary with message" in response["Error"]["Message"]


def test_row_247_the_body_is_bounded_in_words(models, endpoint):
    line = csv(FIVE[:1]) + "\n"
    answer = models.invoke(endpoint, line * (5_000_000 // len(line)))
    assert answer["Body"].count("\n") == 5_000_000 // len(line)
    response = invoking(models, endpoint, b"1" * 6_400_000)
    assert response["Error"]["Code"] in ("ModelError", "ValidationError")
    assert response["ResponseMetadata"]["HTTPStatusCode"] < 500


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/csv, application/json", "text/csv"),
        ("application/json;q=0.5, text/csv", "application/json"),
        ("image/png, application/json", "application/json"),
        ("*/*", "text/csv"),
    ],
)
def test_row_248_the_first_type_that_is_served_is_taken(models, endpoint, accept, media):
    assert models.invoke(endpoint, csv(FIVE), Accept=accept)["ContentType"] == media


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
@pytest.mark.parametrize("end", ["", "\n"])
def test_row_249_csv_is_read_whatever_its_delimiter(models, endpoint, delimiter, end):
    answer = models.invoke(endpoint, csv(FIVE).replace(",", delimiter) + end)
    assert [float(line) for line in answer["Body"].split()] == OWN


def test_row_249_253_what_is_empty_or_not_sent_is_missing(models, endpoint):
    row = FIVE[0]
    missing = boosters.predict(boosters.booster(), [[row[0], np.nan, row[2]]])
    assert models.invoke(endpoint, f"{row[0]},,{row[2]}")["Body"] == f"{missing[0]}\n"
    short = boosters.predict(boosters.booster(), [[row[0], row[1], np.nan]])
    assert models.invoke(endpoint, f"{row[0]},{row[1]}")["Body"] == f"{short[0]}\n"
    response = invoking(models, endpoint, "1,2,3,4")
    assert response["OriginalStatusCode"] == 400
    assert "Unable to evaluate payload provided" in response["OriginalMessage"]


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("label", ["", "1 "])
def test_row_250_libsvm_begins_at_0_or_1_and_absent_is_missing(models, endpoint, base, label):
    rows = np.array([[1.5, np.nan, -0.5], [np.nan, 2.5, np.nan]], "f4")
    body = "\n".join(
        label + " ".join(f"{n + base}:{float(v)!r}" for n, v in enumerate(row) if not np.isnan(v))
        for row in rows
    )
    body += f"\n{label}{base}:0.5"
    answer = models.invoke(endpoint, body, "text/libsvm")
    whole = np.vstack([rows, [[0.5, np.nan, np.nan]]])
    own = boosters.booster().predict(xgboost.DMatrix(whole)).astype(float).tolist()
    assert [float(line) for line in answer["Body"].split()] == own


def test_row_251_json_and_csv_are_the_containers(models, endpoint, classes):
    answer = models.invoke(endpoint, csv(FIVE), Accept="application/json")
    assert answer["Body"] == json.dumps({"predictions": [{"score": each} for each in OWN]})
    given = boosters.predict(boosters.booster("multi:softprob"), FIVE)
    answer = models.invoke(classes, csv(FIVE), Accept="text/csv")
    assert answer["Body"] == "".join(f"{','.join(map(str, each))}\n" for each in given)
    answer = models.invoke(classes, csv(FIVE), Accept="application/json")
    assert json.loads(answer["Body"]) == {"predictions": [{"score": each} for each in given]}


@pytest.mark.parametrize(
    ("body", "types", "status", "words"),
    [
        ("1,2,3", ("image/png", "text/csv"), 415, "image/png is not an accepted ContentType"),
        ("1,2,3", ("text/csv; label_size=2", "text/csv"), 415, "label_size must be equal to 1"),
        ("x", ("text/libsvm", "text/csv"), 415, "Loading libsvm data failed"),
        ("1,2,3", ("text/csv", "image/png"), 406, "Accept type image/png is not supported"),
        ("", ("text/csv", "text/csv"), 400, "empty"),
        ("1", ("application/x-recordio-protobuf", "text/csv"), 415, "not an accepted ContentType"),
    ],
)
def test_row_252_what_is_refused_has_the_containers_words(
    models, endpoint, body, types, status, words
):
    content_type, accept = types
    response = invoking(models, endpoint, body.encode(), content_type, Accept=accept)
    assert response["OriginalStatusCode"] == status
    assert words in response["OriginalMessage"]


def test_row_254_255_the_environment_selects_contents_and_the_default_type(models):
    environment = {
        "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probability",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json",
    }
    model = models.model(models.archive(("m", softprob())), Environment=environment)
    answer = models.invoke(models.serve(variant(model)), csv(FIVE))
    assert answer["ContentType"] == "application/json"
    given = boosters.predict(boosters.booster("multi:softprob"), FIVE)
    found = json.loads(answer["Body"])["predictions"]
    assert [each["predicted_label"] for each in found] == [float(np.argmax(p)) for p in given]
    assert [each["probability"] for each in found] == [max(p) for p in given]


def test_row_271_272_forms_of_instances_and_valid_json(models):
    model = models.model(models.archive(), image=OWN_IMAGE)
    name = models.serve(variant(model))
    rows = FIVE.tolist()
    forms = [
        rows,
        [{"features": row} for row in rows],
        [{"data": {"features": {"values": row}}} for row in rows],
    ]
    for instances in forms:
        assert [each["score"] for each in models.predictions(name, instances)] == OWN
    lines = "\n".join(map(json.dumps, rows))
    answer = models.invoke(name, lines, "application/jsonlines")
    assert [json.loads(line)["score"] for line in answer["Body"].splitlines()] == OWN
    holes = models.predictions(name, [[None, None, None]])
    assert holes[0]["score"] == boosters.predict(boosters.booster(), [[np.nan] * 3])[0]
