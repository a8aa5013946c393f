"""The inference function: what it answers to boto3's requests, over stores in memory."""

import json
from math import nan

import pytest

from larder.access.grants import Grants
from larder.access.rules import AccessRules
from larder.groups.feature_group import TtlDuration
from larder.models import warm_up
from larder.models.resolve import resolve
from larder.models.served import Contract, EndpointStatus, Runtime
from larder.models.specification import parse
from larder.records.write import DeleteRecord, PutRecord, RecordWriter
from tests.support.boosters import booster, predict, ubj
from tests.support.groups import HOME, Groups, feature_group
from tests.support.inference import NOW, Inference
from tests.support.models import served_model, variant
from tests.support.stores import Refusing

AMOUNT = {"name": "amount", "source": "request", "type": "Fractional"}
CLICKS = {"name": "clicks", "feature_group": "customers"}
SCORE = {"name": "score", "feature_group": "customers", "feature": "score"}


def specification(*inputs, groups=None, **more):
    text = json.dumps({"version": 1, "inputs": inputs or (AMOUNT, CLICKS, SCORE), **more})
    width = len(inputs) or 3
    found = Groups(*(groups or (feature_group(),)))
    return resolve(parse(text), found, lambda _: True, width, runtime=Runtime.XGBOOST)


def looked_up(*inputs, groups=None, spec=None, **more):
    """An inference function with one endpoint that looks features up."""
    made = Inference(*(groups or ()), **more)
    width = len(inputs) or 3
    spec = spec or specification(*inputs, groups=groups)
    made.serve(made.model(ubj(columns=width), width=width, features=spec))
    return made


def expected(*row):
    return predict(booster(columns=len(row)), [row])[0]


def policy(missing, **more):
    return [AMOUNT, CLICKS | {"missing": missing} | more, SCORE]


def test_features_are_looked_up_by_identifier():
    made = looked_up()
    made.put("c1", clicks="3", score="0.5")
    [got] = made.predictions({"customer_id": "c1", "amount": 1.5})
    assert got == {"score": expected(1.5, 3, 0.5)}


def test_an_override_wins_and_a_record_that_is_not_needed_is_not_read():
    made = looked_up()
    [got] = made.predictions({"amount": 1, "clicks": 2, "score": 0.25})
    assert got["score"] == expected(1, 2, 0.25)
    assert {name: each["status"] for name, each in got["features"].items()} == {
        "clicks": "OVERRIDDEN",
        "score": "OVERRIDDEN",
    }
    assert made.reader.batches == 0


def test_a_hundred_instances_are_one_batch_read_whatever_their_variants():
    made = Inference()
    spec = specification(unit="customer_id")
    made.serve(
        variant("A", made.model(ubj(), width=3, features=spec)),
        variant("B", made.model(ubj(seed=8), width=3, features=spec)),
    )
    for number in range(100):
        made.put(f"c{number}", clicks=str(number), score="0.5")
    got = made.predictions(*({"customer_id": f"c{n}", "amount": 1} for n in range(100)))
    assert made.reader.batches == 1
    assert {each["variant"] for each in got} == {"A", "B"}
    models = {"A": booster(), "B": booster(seed=8)}
    wanted = [predict(models[each["variant"]], [[1, n, 0.5]])[0] for n, each in enumerate(got)]
    assert [each["score"] for each in got] == wanted


def test_one_missing_and_one_throttled_of_a_hundred_leave_98_scores():
    made = looked_up(store=Refusing(unread={"c7"}))
    for number in range(100):
        if number != 3:
            made.put(f"c{number}", clicks="1", score="0.5")
    got = made.predictions(*({"customer_id": f"c{n}", "amount": 1} for n in range(100)))
    assert sum("score" in each for each in got) == 98
    assert got[3]["error"]["code"] == "MissingFeature"
    assert got[7]["error"]["code"] == "Throttled"
    assert got[7]["features"] == {"clicks": {"status": "THROTTLED"}}


@pytest.mark.parametrize("count", [0, 101])
def test_no_instance_and_101_are_refused(count):
    status, members = looked_up().invoke(*[{"customer_id": "c", "amount": 1}] * count)
    assert (status, members["OriginalStatusCode"]) == (424, 400)
    assert "from 1 to 100 are taken" in members["OriginalMessage"]


FRESH, OLD = "2023-11-14T22:00:00Z", "2023-11-10T00:00:00Z"


@pytest.mark.parametrize(
    ("stored", "missing", "status", "value"),
    [
        ({"clicks": "3", "event_time": FRESH}, "fail", None, 3),
        ({"clicks": "3", "event_time": FRESH}, "nan", None, 3),
        ({"event_time": FRESH}, "nan", "MISSING", nan),
        ({"event_time": FRESH}, {"default": 7}, "DEFAULTED", 7),
        ({"event_time": FRESH}, "fail", "MISSING", None),
        ({"clicks": "3", "event_time": OLD}, "nan", "STALE", nan),
        ({"clicks": "3", "event_time": OLD}, {"default": 7}, "STALE", 7),
        ({"clicks": "3", "event_time": OLD}, "fail", "STALE", None),
    ],
)
def test_status_and_policy(stored, missing, status, value):
    made = looked_up(*policy(missing, max_age_seconds=86_400))
    made.put("c1", score="0.5", **stored)
    answered, members = made.invoke({"customer_id": "c1", "amount": 1})
    if value is None:
        assert (answered, members["OriginalStatusCode"]) == (424, 404)
        assert "clicks" in members["OriginalMessage"]
        return
    [got] = members["predictions"]
    assert got["score"] == expected(1, value, 0.5)
    told = got.get("features", {}).get("clicks", {})
    assert told.get("status") == status
    if status == "STALE":
        assert (told["value"], told["event_time"]) == ("3", OLD)


@pytest.mark.parametrize("given", [{"customer_id": None}, {"customer_id": "nobody"}])
def test_no_record_is_a_missing_value(given):
    made = looked_up(*policy({"default": 2}), spec=None)
    status, members = made.invoke({"amount": 1, "score": 0.5} | given)
    assert status == 200
    assert members["predictions"][0]["score"] == expected(1, 2, 0.5)


def test_all_features_are_told_when_asked_for_and_none_when_not():
    made = looked_up()
    made.put("c1", clicks="3", score="0.5", event_time=FRESH)
    given = {"customer_id": "c1", "amount": 1.5}
    [full] = made.predictions(given, features="all")
    assert full["features"]["clicks"] == {"status": "OK", "value": "3", "event_time": FRESH}
    assert full["features"]["amount"] == {"status": "OK", "value": 1.5}
    [none] = made.predictions({"amount": 1, "clicks": 1, "score": 1}, features="none")
    assert "features" not in none


GRANTED = feature_group(tags=(("larder:read:a", "arn:aws:iam::123456789012:user/reader"),))


def test_a_callers_own_right_decides_what_of_a_group_is_shown():
    made = looked_up(*policy({"default": 7}, max_age_seconds=60), groups=[GRANTED])
    made.put("c1", clicks="3", score="0.5", event_time=OLD)
    given = {"customer_id": "c1", "amount": 1}
    status, members = made.invoke(given, caller="user/stranger", features="all")
    assert (status, members["__type"]) == (403, "AccessDeniedException")
    [hidden] = made.predictions(given, caller="user/stranger")
    assert hidden == {"score": expected(1, 7, 0.5), "features": {"clicks": {"status": "STALE"}}}
    [shown] = made.predictions(given, caller="user/reader")
    assert shown["features"]["clicks"]["value"] == "3"


def test_an_endpoint_with_grants_is_for_those_who_have_them():
    made = looked_up()
    made.change(grants=Grants(read=("arn:aws:iam::123456789012:user/app",)))
    given = {"amount": 1, "clicks": 1, "score": 1}
    assert made.invoke(given, caller="user/app")[0] == 200
    status, members = made.invoke(given, caller="user/other")
    assert (status, members["__type"]) == (403, "AccessDeniedException")


def test_a_stage_that_closes_what_has_no_grants_closes_endpoints_too():
    made = looked_up(rules=AccessRules(HOME, missing_grants_deny=True))
    status, members = made.invoke({"amount": 1, "clicks": 1, "score": 1}, caller="user/a")
    assert (status, members["__type"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"customer_id": "c1", "amonut": 1}, "near are amount"),
        ({"customer_id": "c1", "amount": "1"}, "'amount' is Fractional: '1' is no number"),
        ({"customer_id": "c1", "amount": True}, "'amount' is Fractional"),
        ({"customer_id": "c1", "amount": [1]}, "'amount' is Fractional"),
        ({"customer_id": "c1", "amount": 1, "clicks": 1.5}, "no whole number"),
        ({"customer_id": ["c1"], "amount": 1}, "send a text or a number"),
        ({"customer_id": "", "amount": 1}, "has 0 bytes"),
        ({"amount": 1}, "lacks field 'customer_id'"),
        ({"customer_id": "c1"}, "lacks amount"),
        ([1, 2, 3, 4], "has 4 values, the model takes 3"),
        ([1, "x", 3], "Element 1 of the vector is 'x'"),
        ("c1", "Instance 0 is 'c1'"),
        (None, "Instance 0 is null"),
        ({"data": {"features": {"keys": [1], "shape": [3]}}}, "sparse"),
    ],
)
def test_an_instance_that_can_not_be_scored_says_why(given, words):
    made = looked_up()
    made.put("c1", clicks="3", score="0.5")
    status, members = made.invoke(given)
    assert (status, members["OriginalStatusCode"]) == (424, 400)
    assert words in members["OriginalMessage"]


@pytest.mark.parametrize(
    "given",
    [[1, 2, 3], {"features": [1, 2, 3]}, {"data": {"features": {"values": [1, 2, 3]}}}],
)
def test_whole_vectors_in_every_spelling(given):
    assert looked_up().predictions(given) == [{"score": expected(1, 2, 3)}]


def test_what_is_missing_of_a_vector_is_nan_for_xgboost():
    made = looked_up()
    wanted = [{"score": expected(1, nan, 3)}, {"score": expected(1, 2, nan)}]
    assert made.predictions([1, None, 3], [1, 2]) == wanted


def test_a_number_and_a_text_are_one_identifier():
    made = looked_up()
    made.put("4711", clicks="3", score="0.5")
    got = made.predictions(*({"customer_id": each, "amount": 1} for each in (4711, "4711", 4711.0)))
    assert [each["score"] for each in got] == [expected(1, 3, 0.5)] * 3


def test_one_group_is_read_by_two_keys():
    by_other = CLICKS | {"name": "their_clicks", "feature": "clicks", "key": "other"}
    made = looked_up(AMOUNT, CLICKS, by_other)
    made.put("c1", clicks="3")
    made.put("c2", clicks="9")
    [got] = made.predictions({"customer_id": "c1", "other": "c2", "amount": 1})
    assert got["score"] == expected(1, 3, 9)


def test_categories_are_positions_and_an_unknown_one_is_missing():
    city = {
        "name": "city",
        "feature_group": "customers",
        "categories": ["x", "y"],
        "missing": "nan",
    }
    made = looked_up(AMOUNT, CLICKS, city)
    made.put("c1", clicks="3", city="y")
    made.put("c2", clicks="3", city="z")
    one, two = made.predictions(*({"customer_id": each, "amount": 1} for each in ("c1", "c2")))
    assert one["score"] == expected(1, 3, 1)
    assert (two["score"], two["features"]["city"]["status"]) == (expected(1, 3, nan), "MISSING")


def test_a_group_that_was_created_again_breaks_the_endpoint_loudly():
    made = looked_up()
    made.settings.registry.by_name["customers"] = feature_group(uid="unew")
    status, members = made.invoke({"customer_id": "c1", "amount": 1})
    assert (status, members["OriginalStatusCode"]) == (424, 404)
    assert "customers was deleted and created again" in members["OriginalMessage"]


def test_a_group_that_is_gone_breaks_it_too():
    made = looked_up()
    del made.settings.registry.by_name["customers"]
    status, members = made.invoke({"customer_id": "c1", "amount": 1})
    assert (status, members["OriginalStatusCode"]) == (424, 404)


def test_an_endpoint_that_is_unknown_or_not_in_service_is_a_validation_error():
    made = looked_up()
    answer = made.raw("1,2,3", name="nowhere", headers={"content-type": "text/csv"})
    assert (answer["statusCode"], answer["headers"]["x-amzn-errortype"]) == (400, "ValidationError")
    assert "Endpoint nowhere of account 123456789012 not found." in answer["body"]
    for status in EndpointStatus:
        made.change(status=status)
        serves = status in {"InService", "Updating", "RollingBack"}
        assert (made.invoke([1, 2, 3])[0] == 200) is serves


HEADER = "x-amzn-sagemaker-"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"target-variant": "Nowhere"}, "'Nowhere' is no production variant"),
        ({"target-variant": "Shade"}, "'Shade' is no production variant"),
        ({"target-model": "m.tar.gz"}, "TargetModel is not served"),
        ({"target-container-hostname": "c"}, "TargetContainerHostname is not served"),
        ({"inference-component": "c"}, "InferenceComponentName is not served"),
        ({"enable-explanations": "`true`"}, "EnableExplanations is not served"),
        ({"session-id": "NEW_SESSION"}, "NEW_SESSION asks for a stateful model"),
        ({"session-id": "-bad"}, "'sessionId' failed"),
        ({"inference-id": "x" * 65}, "'inferenceId' failed"),
        ({"custom-attributes": "é"}, "'customAttributes' failed"),
    ],
)
def test_members_that_are_refused_are_named(headers, words):
    made = Inference()
    model = made.model(ubj(), width=3)
    made.serve(variant("A", model), shadows=(variant("Shade", model),))
    status, members = made.invoke([1, 2, 3], headers={HEADER + k: v for k, v in headers.items()})
    assert (status, members["__type"]) == (400, "ValidationError")
    assert words in members["message"]


def two_variants():
    made = Inference()
    made.serve(
        variant("A", made.model(ubj(), width=3)), variant("B", made.model(ubj(seed=8), width=3))
    )
    return made


def served_by(made, headers, count=1):
    names = []
    for _ in range(count):
        answer = made.raw("1,2,3", headers={"content-type": "text/csv"} | headers)
        names.append(answer["headers"]["x-amzn-invoked-production-variant"])
    return names


def test_a_target_variant_wins_over_every_unit():
    made = two_variants()
    for name in ("A", "B"):
        headers = {HEADER + "target-variant": name, HEADER + "session-id": "s"}
        assert served_by(made, headers) == [name]


def test_a_session_is_sticky_and_custom_attributes_come_before_it():
    made = two_variants()
    of_session = {f"s{n}": served_by(made, {HEADER + "session-id": f"s{n}"}, 3) for n in range(30)}
    assert all(len(set(names)) == 1 for names in of_session.values())
    assert {names[0] for names in of_session.values()} == {"A", "B"}
    for unit, names in of_session.items():
        headers = {HEADER + "custom-attributes": f"x=1, larder-unit={unit}"}
        assert served_by(made, headers | {HEADER + "session-id": "other"}) == names[:1]


def test_without_a_unit_both_variants_are_seen():
    assert set(served_by(two_variants(), {}, 60)) == {"A", "B"}


def test_an_instances_field_is_the_unit_and_variants_are_listed_in_their_order():
    made = Inference()
    spec = specification(unit="customer_id")
    models = [made.model(ubj(seed=seed), width=3, features=spec) for seed in (7, 8)]
    made.serve(variant("B", models[0]), variant("A", models[1]))
    row = {"amount": 1, "clicks": 1, "score": 1}
    given = [row | {"customer_id": f"c{n}"} for n in range(40)]
    got = made.predictions(*given)
    assert {each["variant"] for each in got} == {"A", "B"}
    assert [each["variant"] for each in made.predictions(*given)] == [e["variant"] for e in got]
    body = json.dumps({"instances": given})
    answer = made.raw(body, headers={"content-type": "application/json"})
    assert answer["headers"]["x-amzn-invoked-production-variant"] == "B,A"
    [alone] = made.predictions(row | {"who": "c1"}, variant_of="who")
    assert "error" not in alone


def test_json_lines_and_csv_with_a_header():
    made = looked_up()
    made.put("c1", clicks="3", score="0.5")
    lines = '{"customer_id": "c1", "amount": 1}\n\n[1, 2, 3]\n'
    answer = made.raw(lines, headers={"content-type": "application/jsonlines"})
    assert answer["headers"]["content-type"] == "application/jsonlines"
    assert [json.loads(line)["score"] for line in answer["body"].splitlines()] == [
        expected(1, 3, 0.5),
        expected(1, 2, 3),
    ]
    table = "customer_id,amount,clicks\nc1,1,\nc1,2,9\n"
    answer = made.raw(table, headers={"content-type": "text/csv; header=present"})
    assert answer["statusCode"] == 424  # an empty field overrides by nothing: missing, and fails
    table = "customer_id,amount\nc1,1\nc1,2e0\n"
    answer = made.raw(table, headers={"content-type": "text/csv; header=present"})
    wanted = f"{expected(1, 3, 0.5)}\n{expected(2, 3, 0.5)}\n"
    assert (answer["headers"]["content-type"], answer["body"]) == ("text/csv", wanted)


def test_csv_has_no_place_for_an_error():
    made = looked_up()
    headers = {"accept": "text/csv"}
    status, members = made.invoke([1, 2, 3], {"customer_id": "c", "amount": 1}, headers=headers)
    assert (status, members["OriginalStatusCode"]) == (424, 404)


@pytest.mark.parametrize("operation", ["async-invocations", "invocations-response-stream"])
def test_other_operations_are_refused_with_a_cure(operation):
    answer = looked_up().raw("x", path=f"/endpoints/scoring/{operation}")
    assert (answer["statusCode"], answer["headers"]["x-amzn-errortype"]) == (400, "ValidationError")
    assert "InvokeEndpoint" in answer["body"]


HOSTILE = [
    b"", b" ", b"\x00", b"\xff\xfe", b"{", b"[]", b"null", b"{}", b'{"instances": 1}', b"NaN",
    b'{"instances": [[NaN]]}', b'{"instances": [[]]}', b'{"instances": [[[1]]]}',
    b'{"instances": [{}]}', b'{"instances": [1], "x": 2}', b'{"instances": [[1]], "parameters": 1}',
    b'{"instances": [[1]], "parameters": {"features": "some"}}',
    b'{"instances": [[1]], "parameters": {"features": ["all"]}}',
    b'{"instances": [[1]], "parameters": {"variant_of": 1}}',
    b'{"instances": [{"data": {}}]}', b'{"instances": [{"data": {"features": [1]}}]}',
    b'{"instances": [[1e999]]}', b'{"instances": [["1"]]}', b"[" * 100_000,
    b'{"instances": ["\\ud800"]}', b"\xef\xbb\xbf1,2", b"1:1e5:2", b"9999999999:1", b"-1:1", b"a:b",
]  # fmt: skip
TYPES = ["application/json", "application/jsonlines", "text/csv", "text/csv; header=present",
         "text/libsvm", "text/plain", "application/x-recordio-protobuf", ";;;=", ""]  # fmt: skip


@pytest.mark.parametrize("media", TYPES)
@pytest.mark.parametrize("contract", Contract)
def test_hostile_bodies_are_refused_and_never_failures(media, contract):
    made = Inference()
    made.serve(made.model(ubj(), width=3, contract=contract))
    for body in HOSTILE:
        answer = made.raw(body, headers={"content-type": media})
        assert answer["statusCode"] in {200, 424}, (body, answer)
        if answer["statusCode"] == 424:
            assert 400 <= json.loads(answer["body"])["OriginalStatusCode"] < 500, (body, answer)


def test_six_megabytes_are_taken_and_more_are_refused():
    made = Inference()
    made.serve(made.model(ubj(), width=3, contract=Contract.SAGEMAKER_XGBOOST))
    row = b"1,2,3." + b"0" * 505 + b"\n"
    rows = row * (6_291_456 // len(row))
    assert len(rows) == 6_291_456
    assert made.raw(rows, headers={"content-type": "text/csv"})["statusCode"] == 200
    answer = made.raw(rows + row, headers={"content-type": "text/csv"})
    assert json.loads(answer["body"])["OriginalStatusCode"] == 413


def test_an_answer_that_lambda_could_not_send_is_refused_in_words():
    made = Inference()
    made.serve(made.model(ubj("multi:softprob"), width=3, contract=Contract.SAGEMAKER_XGBOOST))
    rows = b"1,2,3\n" * 90_000
    headers = {"content-type": "text/csv", "accept": "application/json"}
    members = json.loads(made.raw(rows, headers=headers)["body"])
    assert members["OriginalStatusCode"] == 413
    assert "split the request" in members["OriginalMessage"]


def test_a_warm_up_loads_and_scores_and_says_why_it_can_not():
    made = Inference()
    good = made.model(ubj(), width=3)
    assert (
        warm_up.failure(json.dumps(made.handler(json.loads(warm_up.request(good)), None))) is None
    )
    one = made.serve(good)
    assert warm_up.failure(json.dumps(made.handler(json.loads(warm_up.request(one)), None))) is None
    for bad, words in [
        (served_model(width=3), "gone"),
        (made.model(b"garbage", width=3), "XGBoost refused"),
        (made.model(ubj(columns=4), width=3), "has 4 columns and was imported with 3"),
    ]:
        answer = made.handler(json.loads(warm_up.request(bad)), None)
        assert words in warm_up.failure(json.dumps(answer))
    assert "must be the document" in made.handler({"warm": 1}, None)["error"]
    assert "log has the reason" in warm_up.failure('{"errorMessage": "x"}')
    assert "log has the reason" in warm_up.failure("")


def test_a_removed_feature_is_said_by_name():
    made = looked_up()
    made.put("c1", clicks="3", score="0.5")
    removed = feature_group(tags=(("larder:removed:clicks", ""),))
    made.settings.registry.by_name["customers"] = removed
    status, members = made.invoke({"customer_id": "c1", "amount": 1})
    assert (status, members["OriginalStatusCode"]) == (424, 404)
    assert "'clicks' is no longer in FeatureGroup customers" in members["OriginalMessage"]


@pytest.mark.parametrize("hard", [False, True])
def test_a_deleted_record_is_a_missing_one(hard):
    made = looked_up(*policy({"default": 2}))
    made.put("c1", clicks="9", score="0.5")
    writer = RecordWriter(made.store, made.settings, clock=lambda: NOW)
    writer.delete(DeleteRecord("customers", "c1", "2023-11-14T22:10:00Z", hard))
    [got] = made.predictions({"customer_id": "c1", "amount": 1, "score": 0.5})
    assert got["score"] == expected(1, 2, 0.5)


def test_an_expired_record_is_a_missing_one():
    made = looked_up(*policy({"default": 2}))
    ttl = TtlDuration("Seconds", 60)
    record = [("customer_id", "c1"), ("event_time", FRESH), ("clicks", "9")]
    RecordWriter(made.store, made.settings, clock=lambda: NOW).put(
        PutRecord("customers", record, ttl=ttl)
    )
    [got] = made.predictions({"customer_id": "c1", "amount": 1, "score": 0.5})
    assert got["score"] == expected(1, 2, 0.5)
