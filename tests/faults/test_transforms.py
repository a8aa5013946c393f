"""Transform jobs under faults: the same bytes whatever dies, is repeated, or is answered twice."""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from larder.transforms.job import JobStatus
from tests.faults.killing import Killed
from tests.support import boosters
from tests.support.doors import bound_client
from tests.support.transforms import Jobs, csv, request_of, scores

ROWS, _ = boosters.data()
CALLS = (
    "put_object",
    "get_object",
    "create_multipart_upload",
    "upload_part",
    "upload_part_copy",
    "complete_multipart_upload",
    "head_object",
)
SLOW_DOWN = ClientError({"Error": {"Code": "SlowDown", "Message": "slow down"}}, "any")
ROOT = Path(__file__).parents[2]
_SERVED = {}


class FaultyS3:
    """An S3 client of which one call in eight fails, before its effect or after it.

    Either the worker dies there, or S3 refuses for load.
    """

    def __init__(self, client):
        self._client, self._random, self.failures = client, None, 0

    def arm(self, rng):
        self._random = rng

    def __getattr__(self, name):
        call = getattr(self._client, name)
        return self._faulty(call) if name in CALLS and self._random else call

    def _faulty(self, call):
        def faulty(*arguments, **members):
            fate = self._random.randrange(16)
            error = self._random.choice([Killed(), SLOW_DOWN])
            if fate == 0:
                self.failures += 1
                raise error
            answer = call(*arguments, **members)
            if fate == 1:
                self.failures += 1
                raise error
            return answer

        return faulty


@pytest.fixture
def sm(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    def handler(*event):
        return _SERVED["handler"](*event)

    return bound_client("sagemaker", handler)


@pytest.fixture
def jobs(sm, monkeypatch):
    # small pieces, so that a job has all that a large one has
    monkeypatch.setattr("larder.transforms.shards.SHARD_BYTES", 6_000)
    monkeypatch.setattr("larder.transforms.adapters.s3_outputs._PART", 5 * 2**20)
    with mock_aws():
        jobs = Jobs(FaultyS3(boto3.client("s3")))
        _SERVED["handler"] = jobs.control
        jobs.make_model(sm)
        jobs.put("a.csv", csv(ROWS))
        jobs.put("b.csv", csv(ROWS[:9]))
        yield jobs


EXPECTED = {"a.csv.out": scores(ROWS), "b.csv.out": scores(ROWS[:9])}


def repeated(call, errors):
    """The machine's call, tried again after these errors."""

    def again(event):
        while True:
            try:
                return call(event)
            except errors:
                continue

    return again


def run_again(jobs, sm):
    """Run a job of its own, with each step tried again; its description."""
    call = jobs.machine.call
    jobs.machine.call = repeated(call, (Killed, Exception))
    try:
        return jobs.run(sm)
    finally:
        jobs.machine.call = call


@pytest.mark.parametrize("seed", range(12))
def test_a_worker_that_is_killed_in_the_middle_changes_no_byte(jobs, sm, seed):
    jobs.s3.arm(random.Random(seed))

    job = run_again(jobs, sm)

    assert jobs.s3.failures
    assert job["TransformJobStatus"] == "Completed", job
    assert jobs.outputs() == EXPECTED


def test_what_is_finished_is_not_computed_again(jobs, sm):
    jobs.run(sm)
    name, uid = jobs.machine.started[-1]
    scored = []
    opened = jobs.runs.answers_of

    def counting(job, work):
        answers = opened(job, work)

        class Counted:
            def of(self, body):
                scored.append(len(body))
                return answers.of(body)

        return Counted()

    object.__setattr__(jobs.runs, "answers_of", counting)
    jobs.machine.run(name, uid, jobs.objects)
    assert scored == []

    jobs.run(sm)
    assert scored


def test_an_execution_that_begins_anew_keeps_its_plan(jobs, sm):
    request = request_of()
    sm.create_transform_job(**request)
    name, uid = jobs.machine.started[-1]
    jobs.machine.call({"step": "plan", "job": name, "uid": uid})
    jobs.put("c.csv", csv(ROWS[:1]))  # too late for this job

    jobs.machine.run(name, uid, jobs.objects)

    assert jobs.outputs() == EXPECTED


def test_calls_that_come_twice_at_once_write_the_same_bytes(jobs, sm):
    call = jobs.machine.call

    def twice(event):
        answers, errors = [], []

        def one():
            try:
                answers.append(call(event))
            except Exception as error:  # no caller of a thread sees it: the test fails by it
                errors.append(error)

        threads = [threading.Thread(target=one) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert answers, errors
        return answers[0]

    jobs.machine.call = twice

    job = jobs.run(sm)

    assert job["TransformJobStatus"] == "Completed"
    assert jobs.outputs() == EXPECTED


def test_a_join_and_a_close_that_come_late_change_nothing(jobs, sm):
    job = jobs.run(sm)
    name, uid = jobs.machine.started[-1]
    plan = jobs.machine.call({"step": "plan", "job": name, "uid": uid})
    given = {"job": name, "uid": uid}
    for first in jobs.machine.manifest(plan, "joins", jobs.objects):
        jobs.machine.call({"step": "join", **given, "first": first})
    jobs.machine.call({"step": "close", **given, "broken": "States.Timeout"})

    assert sm.describe_transform_job(TransformJobName=name) == {
        **job,
        "ResponseMetadata": sm.describe_transform_job(TransformJobName=name)["ResponseMetadata"],
    }
    assert jobs.outputs() == EXPECTED


def test_an_object_that_is_replaced_meanwhile_has_no_output_of_two_halves(jobs, sm):
    sm.create_transform_job(**request_of())
    name, uid = jobs.machine.started[-1]
    given = {"job": name, "uid": uid}
    plan = jobs.machine.call({"step": "plan", **given})
    first, *rest = jobs.machine.manifest(plan, "tasks", jobs.objects)
    jobs.machine.call({"step": "score", **given, "task": first})
    jobs.put("a.csv", csv(ROWS[::-1]))
    for task in rest:
        jobs.machine.call({"step": "score", **given, "task": task})
    for each in jobs.machine.manifest(plan, "joins", jobs.objects):
        jobs.machine.call({"step": "join", **given, "first": each})
    jobs.machine.call({"step": "close", **given})

    job = sm.describe_transform_job(TransformJobName=name)
    assert job["TransformJobStatus"] == "Failed"
    assert "a.csv was replaced while the job ran" in job["FailureReason"]
    assert jobs.outputs() == {"b.csv.out": EXPECTED["b.csv.out"]}


def test_a_machine_that_gives_up_fails_its_job_and_keeps_what_is_finished(jobs, sm):
    sm.create_transform_job(**request_of())
    name, uid = jobs.machine.started[-1]
    given = {"job": name, "uid": uid}
    plan = jobs.machine.call({"step": "plan", **given})
    last = jobs.machine.manifest(plan, "tasks", jobs.objects)[-1]
    jobs.machine.call({"step": "score", **given, "task": last})
    jobs.machine.call({"step": "close", **given, "broken": "States.Timeout"})

    job = sm.describe_transform_job(TransformJobName=name)
    assert job["TransformJobStatus"] == JobStatus.FAILED
    assert job["FailureReason"] == "InternalServerError: States.Timeout"
    assert jobs.outputs() == {"b.csv.out": EXPECTED["b.csv.out"]}


def test_pieces_that_nobody_computed_are_no_success(jobs, sm):
    sm.create_transform_job(**request_of())
    name, uid = jobs.machine.started[-1]
    jobs.machine.call({"step": "plan", "job": name, "uid": uid})
    jobs.machine.call({"step": "close", "job": name, "uid": uid})

    job = sm.describe_transform_job(TransformJobName=name)
    assert job["TransformJobStatus"] == "Failed"
    assert "pieces were not computed" in job["FailureReason"]


def test_parts_that_are_large_enough_are_copied_and_others_are_read(jobs, sm):
    outputs, parts = jobs.runs.stores.outputs, []
    sizes = [6 * 2**20, 3, 6 * 2**20, 5, 7, 6 * 2**20, 1]
    for place, size in enumerate(sizes):
        address = f"s3://lake/transform-jobs/x/parts/{place}"
        parts.append((address, bytes([65 + place]) * size))
        with outputs.write(address) as write:
            write(parts[-1][1])

    outputs.join("s3://lake/transforms/out/joined", [address for address, _ in parts])

    assert jobs.outputs()["joined"] == b"".join(body for _, body in parts)


def measured(rows):
    """Seconds and megabytes that scoring so many rows took, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.transform_process", str(rows)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.soak
def test_a_million_rows_need_no_more_memory_than_a_few_requests():
    few, many = measured(50_000), measured(1_000_000)

    assert many["bytes"] == 20 * few["bytes"]
    assert many["megabytes"] < few["megabytes"] + 64, (few, many)
