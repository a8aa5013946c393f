"""The exposure writer: deliveries of a log subscription in, rows and files out."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.errors import ServiceUnavailable
from larder.models.capture import Captured, Side
from larder.models.exposure import KIND
from larder.offline.ports import TableUnusable
from tests.support.examples import examples
from tests.support.exposures import (
    AT,
    Recording,
    delivery,
    exposed_variant,
    exposure,
    instance,
    shadow_exposure,
    to_line,
)

HOUR = 3_600_000_000
SIDES = Side("text/csv", "1,2", "CSV"), Side("text/csv", "0.5\n", "CSV")


def captured(inference_id="i-1", destination="s3://captures/here/", **changes):
    capture = Captured(destination=destination, kms_key="", input=SIDES[0], output=SIDES[1])
    return replace(exposure(inference_id, **changes), capture=capture)


def test_a_line_is_a_row_with_all_that_it_says():
    made = Recording()
    assert made.deliver(exposure()) == {"rows": 1, "duplicates": 0}
    assert made.tables.dicts() == [
        {
            "exposure_id": "i-1/0",
            "answered_at": "2023-11-14T22:13:20.000Z",
            "inference_id": "i-1",
            "instance": 0,
            "endpoint": "scoring",
            "config": "config",
            "generation": 3,
            "unit": "u1",
            "unit_source": "SessionId",
            "variant": "A",
            "weights": '{"A":70.0,"B":30.0}',
            "forced": 0,
            "shadow": 0,
            "model": "m",
            "model_package_arn": None,
            "artefact_sha256": "0" * 64,
            "spec_sha256": "f" * 64,
            "inputs": [1.0, 2.5],
            "vector_sha256": "a" * 64,
            "scores": [0.25],
            "status": "OK",
            "statuses": '{"clicks":"MISSING"}',
            "event_times": '{"customers/customer_id":"2023-11-14T22:00:00Z"}',
            "attributes": None,
            "cut": None,
        }
    ]
    assert made.metric("ExposureRows") == 1


def test_a_batch_of_several_endpoints_is_one_commit():
    made = Recording()
    made.deliver(*(exposure(f"i-{n}", endpoint=f"e{n % 3}") for n in range(30)))
    rows = made.tables.dicts()
    assert (len(rows), made.tables.commits) == (30, 1)
    assert {each["endpoint"] for each in rows} == {"e0", "e1", "e2"}


def test_each_instance_of_a_request_is_a_row():
    made = Recording()
    variants = exposed_variant("A"), exposed_variant("B")
    instances = instance(0, 0, unit="u1"), instance(1, 1, unit="u2")
    made.deliver(replace(exposure(instances=instances), variants=variants))
    found = [(each["exposure_id"], each["unit"], each["variant"]) for each in made.tables.dicts()]
    assert found == [("i-1/0", "u1", "A"), ("i-1/1", "u2", "B")]


def test_what_is_delivered_again_changes_nothing():
    made = Recording()
    lines = [captured("i-1"), captured("i-2"), shadow_exposure("i-3")]
    made.deliver(*lines)
    rows, files = dict(made.tables.rows), dict(made.captures.files)
    assert made.deliver(*lines) == {"rows": 0, "duplicates": 4}
    assert (made.tables.rows, made.captures.files) == (rows, files)


@pytest.mark.parametrize(
    "poison",
    [
        f'{{"kind":"{KIND}"',
        f'{{"kind":"{KIND}"}}',
        f'{{"kind":"{KIND}","inference_id":7}}',
        to_line(replace(exposure(), answered_at=2**62)),
    ],
)
def test_a_poison_line_goes_to_quarantine_and_costs_no_other(poison):
    made = Recording()
    good = [exposure(f"i-{n}") for n in range(5)]
    made.deliver(*good[:2], poison, *good[2:])
    assert [each["inference_id"] for each in made.tables.dicts()] == [f"i-{n}" for n in range(5)]
    assert list(made.quarantine.lines) == [poison]
    assert made.metric("QuarantinedExposures") == 1
    [told] = made.logged("exposure quarantined")
    assert "i-" not in told["reason"]


@pytest.mark.parametrize(
    "event",
    [{"awslogs": {"data": "no gzip"}}, {"awslogs": {}}, {"awslogs": None}, {"awslogs": [1]}],
)
def test_a_delivery_that_can_not_be_read_goes_to_quarantine_whole(event):
    made = Recording()
    assert made.call(event) == {"rows": 0, "duplicates": 0, "quarantined": 1}
    assert list(made.quarantine.lines) == [json.dumps(event["awslogs"], separators=(",", ":"))]


def test_lines_of_other_kinds_and_control_messages_are_no_exposures():
    made = Recording()
    made.deliver('{"level":"INFO"}', "START RequestId: 1", f'{{"path":"{KIND}"}}')
    made.call(delivery("CWL CONTROL MESSAGE", kind="CONTROL_MESSAGE"))
    assert (made.tables.rows, made.quarantine.lines) == ({}, {})
    assert made.logged("exposures recorded")[0]["other_lines"] == 3


def test_a_delivery_that_can_not_be_written_is_parked_and_the_schedule_writes_it():
    made = Recording()
    made.tables.failing = [ServiceUnavailable("down")]
    assert "parked" in made.deliver(exposure("i-1"), exposure("i-2"))
    made.tables.failing = [TableUnusable("bad")]
    made.deliver(exposure("i-3"))
    assert (made.tables.rows, made.quarantine.lines, len(made.parked.found)) == ({}, {}, 2)
    made.tables.failing = [ServiceUnavailable("still down")]
    answer = made.call({"source": "aws.events"})
    assert (answer["recorded"], answer["waiting"]) == (1, 1)
    assert made.metric("ScheduledFailures") == 1
    assert made.call({"source": "aws.events"})["recorded"] == 1
    assert [each["inference_id"] for each in made.tables.dicts()] == ["i-1", "i-2", "i-3"]
    assert made.parked.found == {}


def test_what_can_neither_be_written_nor_parked_fails_so_that_lambda_tries_again():
    made = Recording()
    made.tables.failing = [ServiceUnavailable("down")]
    made.parked.put = refuse
    with pytest.raises(ServiceUnavailable):
        made.deliver(exposure())


def refuse(*_):
    raise ServiceUnavailable("S3 is down too")


def test_captured_requests_lie_by_endpoint_variant_and_hour_as_sagemaker_has_them():
    made = Recording()
    made.deliver(
        captured("i-1", at=AT + 5_250_000),
        captured("i-2", at=AT),
        captured("i-3", at=AT + HOUR),
        captured("i-4", variant="B"),
        captured("i-5", endpoint="other"),
        exposure("i-6"),
    )
    files = {name.rpartition("/")[0]: body for name, body in made.captures.files.items()}
    assert set(files) == {
        "s3://captures/here/scoring/A/2023/11/14/22",
        "s3://captures/here/scoring/A/2023/11/14/23",
        "s3://captures/here/scoring/B/2023/11/14/22",
        "s3://captures/here/other/A/2023/11/14/22",
    }
    lines = files["s3://captures/here/scoring/A/2023/11/14/22"].decode().splitlines()
    first, second = map(json.loads, lines)
    assert first.pop("eventMetadata")["inferenceId"] == "i-2"
    assert first == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv",
                "mode": "OUTPUT",
                "data": "0.5\n",
                "encoding": "CSV",
            },
        },
        "eventVersion": "0",
    }
    assert second["eventMetadata"]["inferenceTime"] == "2023-11-14T22:13:25Z"
    assert all(name.endswith(".jsonl") for name in made.captures.files)


def test_the_side_that_was_not_asked_for_is_not_in_the_file():
    made = Recording()
    only = captured()
    made.deliver(replace(only, capture=replace(only.capture, input=None)))
    [body] = made.captures.files.values()
    assert set(json.loads(body)["captureData"]) == {"endpointOutput"}


def test_a_destination_that_is_refused_is_counted_and_costs_no_other():
    made = Recording()
    made.deliver(captured("i-1", "s3://refused/x"), captured("i-2"), shadow_exposure("i-3"))
    assert len(made.tables.rows) == 4
    assert len(made.captures.files) == 1
    assert made.metric("CapturesLost") == 1
    assert made.logged("captured data was lost")[0]["folder"].startswith("s3://refused/x/")


def test_a_shadow_is_scored_from_its_line_and_has_a_row_under_the_same_inference_id():
    made = Recording()
    made.deliver(shadow_exposure("i-1"), shadow_exposure("i-2", inputs=[3.0, 4.0]))
    rows = [
        (each["inference_id"], each["variant"], each["shadow"], each["scores"])
        for each in made.tables.dicts()
    ]
    assert rows == [
        ("i-1", "A", 0, [0.25]),
        ("i-1", "Shadow", 1, [3.5]),
        ("i-2", "A", 0, [0.25]),
        ("i-2", "Shadow", 1, [7.0]),
    ]
    assert made.scorer.calls == [("shadowed", [[1.0, 2.5], [3.0, 4.0]])]


def test_a_shadow_that_fails_has_a_row_that_says_so_and_costs_no_other():
    made = Recording()
    made.scorer.error = ServiceUnavailable("it hung for 30 s")
    made.deliver(shadow_exposure("i-1"), captured("i-2"))
    rows = made.tables.dicts()
    assert [each["status"] for each in rows] == ["OK", "ShadowFailed", "OK"]
    assert rows[1]["scores"] is None
    assert made.metric("ShadowsFailed") == 1
    [line] = made.logged("shadows were not scored")
    assert (line["instances"], "it hung for 30 s" in line["reason"]) == (1, True)
    assert len(made.captures.files) == 1


def test_a_line_of_a_newer_release_waits_and_holds_up_no_other():
    made = Recording()
    newer = json.dumps(json.loads(to_line(exposure("i-1"))) | {"format": 2})
    assert "parked" in made.deliver(newer, captured("i-2"))
    assert [each["inference_id"] for each in made.tables.dicts()] == ["i-2"]
    assert len(made.captures.files) == 1
    assert made.quarantine.lines == {}


@pytest.mark.parametrize(
    ("changes", "status"), [({"inputs": None}, "InputsCut"), ({"status": "Throttled"}, "Throttled")]
)
def test_a_shadow_without_a_vector_is_not_scored(changes, status):
    made = Recording()
    made.deliver(shadow_exposure(**changes))
    assert made.tables.dicts()[1]["status"] == status
    assert made.scorer.calls == []


def test_without_time_for_shadows_what_was_answered_is_recorded_and_the_rest_comes_again():
    made = Recording()
    assert "parked" in made.deliver(shadow_exposure(), remaining=20.0)
    assert [each["shadow"] for each in made.tables.dicts()] == [0]
    made.call({"source": "aws.events"})
    assert [each["shadow"] for each in made.tables.dicts()] == [0, 1]


def test_many_vectors_are_scored_in_several_calls():
    made = Recording()
    wide = [1.0] * 60_000
    made.deliver(
        *(
            replace(
                each,
                variants=(
                    each.variants[0],
                    replace(each.variants[1], model=replace(each.variants[1].model, width=60_000)),
                ),
            )
            for each in (shadow_exposure(f"i-{n}", inputs=wide[:9]) for n in range(3))
        )
    )
    assert len(made.scorer.calls) == 3
    assert sum(each["shadow"] for each in made.tables.dicts()) == 3


def test_the_schedule_keeps_the_table_which_it_makes_first():
    made = Recording()
    assert made.call({"source": "aws.events"})["merged"] == 1
    assert made.tables.created == 1
    assert made.metric("ScheduledRuns") == 1


LINES = st.lists(st.integers(0, 9), min_size=1, max_size=8)


@examples(0.5)
@given(st.lists(LINES, min_size=1, max_size=6), st.data())
def test_however_lines_are_delivered_each_inference_id_is_there_once(batches, data):
    made = Recording()
    known = {n: (shadow_exposure if n % 3 == 0 else exposure)(f"i-{n}") for n in range(10)}
    for batch in batches:
        failing = data.draw(st.sampled_from([None, None, 0, 1]))
        made.tables.failing = [] if failing is None else [None] * failing + [ServiceUnavailable()]
        made.deliver(*(known[n] for n in batch))
        if data.draw(st.booleans()):
            made.tables.failing = []
            made.call({"source": "aws.events"})
    made.tables.failing = []
    made.call({"source": "aws.events"})
    ids = [each["exposure_id"] for each in made.tables.dicts()]
    seen = {n for batch in batches for n in batch}
    shadows = {f"i-{n}/0/Shadow" for n in seen if n % 3 == 0}
    assert sorted(ids) == sorted({f"i-{n}/0" for n in seen} | shadows)
