"""Transform jobs: inputs, requests, filters, joins, errors, lists and stopping."""

import gzip
import json

import pytest

from tests.conformance.model_store import OWN_IMAGE, ROWS, SOON
from tests.conformance.refusals import refusal
from tests.support import boosters
from tests.support.transforms import csv, request_of, scores

JSONLINES = "application/jsonlines"


class Jobs:
    """Transform jobs of one test, in a folder of its own."""

    def __init__(self, models):
        self.models, self.sm, self.s3 = models, models.sm, models.s3
        self.folder = f"transforms/{models.names('job')}"

    @property
    def address(self):
        return f"s3://{self.models.bucket}/{self.folder}"

    def put(self, name, body):
        self.s3.put_object(Bucket=self.models.bucket, Key=f"{self.folder}/{name}", Body=body)
        return f"{self.address}/{name}"

    def request(self, model, *, place=None, output=None, **members):
        """CreateTransformJob's members, from the folder ``in`` to ``out``."""
        place = {"S3Uri": f"{self.address}/in/"} | (place or {})
        output = {"S3OutputPath": f"{self.address}/out"} | (output or {})
        name = self.models.names("job")
        given = {"TransformJobName": name, "ModelName": model} | members
        return request_of(place=place, output=output, **given)

    def run(self, model, **members):
        """A job that was waited for, as it is described then."""
        request = self.request(model, **members)
        self.sm.create_transform_job(**request)
        name = request["TransformJobName"]
        waiter = self.sm.get_waiter("transform_job_completed_or_stopped")
        try:
            waiter.wait(TransformJobName=name, WaiterConfig=SOON)
        except Exception as error:
            assert "Failed" in str(error), error
        return self.sm.describe_transform_job(TransformJobName=name)

    def outputs(self):
        """The objects below ``out``, by their paths there."""
        prefix = f"{self.folder}/out/"
        found = self.s3.list_objects_v2(Bucket=self.models.bucket, Prefix=prefix)
        return {
            each["Key"].removeprefix(prefix): self.s3.get_object(
                Bucket=self.models.bucket, Key=each["Key"]
            )["Body"].read()
            for each in found.get("Contents", [])
        }


@pytest.fixture
def jobs(models):
    return Jobs(models)


@pytest.fixture(scope="session")
def own_model(models):
    """The same by Larder's own contract, which takes JSON."""
    return models.model(image=OWN_IMAGE)


def invalid(jobs, model, **members):
    """The text of the ValidationException that a job is answered with."""
    error = refusal(jobs.sm.create_transform_job, **jobs.request(model, **members)).response
    assert error["Error"]["Code"] == "ValidationException", error
    return error["Error"]["Message"]


def put_parts(jobs):
    parts = {"a.csv": ROWS[:3], "b.csv": ROWS[3:4], "more/c.csv": ROWS[4:9]}
    for name, rows in parts.items():
        jobs.put(f"in/{name}", csv(rows))
    return {f"{name}.out": scores(rows) for name, rows in parts.items()}


def test_row_296_each_object_below_a_prefix_has_its_output(jobs, regression):
    expected = put_parts(jobs)

    job = jobs.run(regression)

    assert job["TransformJobStatus"] == "Completed"
    assert jobs.outputs() == expected
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]


def test_row_297_a_bad_record_leaves_its_object_without_output(jobs, regression):
    expected = put_parts(jobs)
    jobs.put("in/bad.csv", csv(ROWS[:2]) + b"1,2,x\n")

    job = jobs.run(regression)

    assert job["TransformJobStatus"] == "Failed"
    assert "bad.csv" in job["FailureReason"]
    assert jobs.outputs() == expected


@pytest.mark.parametrize(
    "members",
    [
        {"BatchStrategy": "SingleRecord"},
        {"BatchStrategy": "MultiRecord", "MaxPayloadInMB": 1},
        {"source": {"SplitType": "None"}},
    ],
    ids=["single", "several", "whole"],
)
def test_row_298_requests_of_any_size_give_the_same_bytes(jobs, regression, members):
    jobs.put("in/a.csv", csv(ROWS))
    assert jobs.run(regression, **members)["TransformJobStatus"] == "Completed"
    assert jobs.outputs() == {"a.csv.out": scores(ROWS)}


def test_row_298_a_record_above_the_limit_fails_its_object(jobs, regression):
    expected = put_parts(jobs)
    jobs.put("in/long.csv", b"1," + b"1" * 2**20 + b",1\n")

    job = jobs.run(regression, MaxPayloadInMB=1)

    assert job["TransformJobStatus"] == "Failed"
    assert jobs.outputs() == expected


@pytest.mark.parametrize(
    ("processing", "written"),
    [
        ({}, "{score}"),
        ({"InputFilter": "$[1:]", "JoinSource": "Input"}, "{row},{score}"),
        (
            {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
            "{key},{score}",
        ),
        ({"InputFilter": "$[1:]", "OutputFilter": "$[0]"}, "{score}"),
    ],
    ids=["none", "join", "join-and-filter", "filters"],
)
def test_row_299_rows_of_csv_are_filtered_and_joined(jobs, regression, processing, written):
    keyed = bool(processing)
    rows = [[7.0, *ROWS[0]], [8.0, *ROWS[1]]] if keyed else ROWS[:2]
    jobs.put("in/a.csv", csv(rows))
    members = {"DataProcessing": processing} if processing else {}

    assert jobs.run(regression, **members)["TransformJobStatus"] == "Completed"

    lines = csv(rows).decode().splitlines()
    expected = [
        written.format(row=line, key=row[0], score=score)
        for line, row, score in zip(
            lines, rows, boosters.predict(boosters.booster(), ROWS[:2]), strict=True
        )
    ]
    assert jobs.outputs()["a.csv.out"].decode().splitlines() == expected


@pytest.mark.parametrize(
    ("processing", "members"),
    [
        ({"InputFilter": "$.x"}, ()),
        ({"InputFilter": "$.x", "JoinSource": "Input"}, ("id", "x")),
        (
            {
                "InputFilter": "$.x",
                "JoinSource": "Input",
                "OutputFilter": "$['id','SageMakerOutput']",
            },
            ("id",),
        ),
    ],
    ids=["filter", "join", "join-and-filter"],
)
def test_row_299_lines_of_json_are_filtered_and_joined(jobs, own_model, processing, members):
    records = [{"id": n, "x": list(map(float, ROWS[n]))} for n in range(3)]
    jobs.put("in/a.jsonl", "".join(f"{json.dumps(each)}\n" for each in records).encode())

    job = jobs.run(
        own_model,
        source={"ContentType": JSONLINES},
        output={"Accept": JSONLINES},
        DataProcessing=processing,
    )

    assert job["TransformJobStatus"] == "Completed", job
    scored = [{"score": each} for each in boosters.predict(boosters.booster(), ROWS[:3])]
    expected = [
        {**{name: record[name] for name in members}, "SageMakerOutput": each} if members else each
        for record, each in zip(records, scored, strict=True)
    ]
    assert list(map(json.loads, jobs.outputs()["a.jsonl.out"].splitlines())) == expected


def test_row_299_what_a_filter_can_not_work_on_is_refused(jobs, regression):
    text = invalid(jobs, regression, DataProcessing={"InputFilter": "$[0:2,246:]"})
    assert (
        "Invalid JsonPath: $[0:2,246:]: only single range filters of format (eg: [1:5]) are "
        "supported"
    ) in text
    text = invalid(
        jobs, regression, output={"Accept": "text/plain"}, DataProcessing={"InputFilter": "$[1:]"}
    )
    assert "transformOutput.accept" in text


@pytest.mark.parametrize("ending", ["Line", "None"])
def test_row_300_no_end_of_line_is_doubled_or_missing(jobs, regression, ending):
    jobs.put("in/a.csv", csv(ROWS[:3]).rstrip())
    jobs.run(regression, output={"AssembleWith": ending}, BatchStrategy="SingleRecord")
    assert jobs.outputs() == {"a.csv.out": scores(ROWS[:3])}


def test_row_300_compressed_input_is_read(jobs, regression):
    jobs.put("in/a.csv.gz", gzip.compress(csv(ROWS)))
    jobs.run(regression, source={"CompressionType": "Gzip"})
    assert jobs.outputs() == {"a.csv.gz.out": scores(ROWS)}


def test_row_300_a_manifest_names_the_objects(jobs, regression):
    put_parts(jobs)
    manifest = [{"prefix": f"{jobs.address}/in/"}, "more/c.csv", "a.csv"]
    address = jobs.put("m.json", json.dumps(manifest).encode())

    jobs.run(regression, place={"S3DataType": "ManifestFile", "S3Uri": address})

    assert jobs.outputs() == {"a.csv.out": scores(ROWS[:3]), "more/c.csv.out": scores(ROWS[4:9])}


def test_row_301_softprob_has_the_form_of_a_batch(jobs, models):
    booster = boosters.booster("multi:softprob")
    archive = models.archive(("xgboost-model", boosters.ubj("multi:softprob")))
    jobs.put("in/a.csv", csv(ROWS[:3]))

    jobs.run(models.model(archive))

    lines = jobs.outputs()["a.csv.out"].decode().splitlines()
    assert lines == [str(each) for each in boosters.predict(booster, ROWS[:3])]


def test_row_302_a_job_is_stopped(jobs, regression):
    jobs.put("in/a.csv", csv(ROWS) * 800)  # scored for longer than it takes to stop
    request = jobs.request(regression, MaxConcurrentTransforms=1)
    jobs.sm.create_transform_job(**request)
    name = request["TransformJobName"]
    jobs.sm.stop_transform_job(TransformJobName=name)

    waiter = jobs.sm.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=name, WaiterConfig=SOON)

    assert jobs.sm.describe_transform_job(TransformJobName=name)["TransformJobStatus"] == "Stopped"
    text = refusal(jobs.sm.stop_transform_job, TransformJobName=name).response["Error"]["Message"]
    assert "in status Stopped" in text


def test_row_303_names_are_given_once_and_models_must_exist(jobs, regression, models):
    jobs.put("in/a.csv", csv(ROWS[:1]))
    request = jobs.request(regression)
    jobs.sm.create_transform_job(**request)
    error = refusal(jobs.sm.create_transform_job, **request).response["Error"]
    assert error["Code"] == "ResourceInUse"
    assert 'Could not find model "' in invalid(jobs, "no-such-model")
    missing = refusal(jobs.sm.describe_transform_job, TransformJobName="no-such-job").response
    assert missing["Error"] == {
        "Code": "ValidationException",
        "Message": f"Could not find transform job '{models.prefix('transform-job')}no-such-job'.",
    }


def test_row_303_junk_in_a_list_is_refused(jobs):
    error = refusal(jobs.sm.list_transform_jobs, StatusEquals="Junk").response["Error"]
    assert error["Code"] == "ValidationException"
    assert (
        "Value 'Junk' at 'statusEquals' failed to satisfy constraint: Member must satisfy enum "
        "value set: [InProgress, Completed, Failed, Stopping, Stopped]"
    ) in error["Message"]
    token = refusal(jobs.sm.list_transform_jobs, NextToken="junk").response["Error"]
    assert token["Code"] == "ValidationException"
