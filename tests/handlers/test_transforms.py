"""Transform jobs behind an unmodified boto3 client: requests, runs, and what becomes of objects."""

import gzip
import json
import re
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from larder.errors import ServiceUnavailable
from larder.models.resolve import resolve
from larder.models.served import Contract, Runtime
from larder.models.specification import parse
from tests.support import boosters
from tests.support.groups import Groups, feature_group
from tests.support.transforms import BUCKET, Jobs, csv, request_of, scores

ROWS, _ = boosters.data()
ARN = "arn:aws:sagemaker:us-east-1:123456789012:transform-job/"


@pytest.fixture
def make(sagemaker_door):
    """Makes a world of jobs, and tells the client of it."""
    client, served = sagemaker_door
    with mock_aws():

        def make(*given, **more):
            jobs = Jobs(boto3.client("s3"), *given, **more)
            served["handler"] = jobs.control
            jobs.make_model(client)
            return jobs

        yield make


@pytest.fixture
def jobs(make):
    return make()


@pytest.fixture
def sm(sagemaker_door):
    return sagemaker_door[0]


def refused(code, call, **members):
    """The text of the error that a call is answered with."""
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def invalid(sm, **changes):
    """Why a job is refused."""
    return refused("ValidationException", sm.create_transform_job, **request_of(**changes))


def put_parts(jobs):
    parts = {"a.csv": ROWS[:3], "b.csv": ROWS[3:4], "more/c.csv": ROWS[4:9]}
    for name, rows in parts.items():
        jobs.put(name, csv(rows))
    return {f"{name}.out": scores(rows) for name, rows in parts.items()}


def test_each_object_below_a_prefix_has_its_output(jobs, sm):
    expected = put_parts(jobs)

    job = jobs.run(sm, TransformJobName="First", Environment={"A": "1"})

    assert jobs.outputs() == expected
    assert (job["TransformJobName"], job["TransformJobArn"]) == ("First", f"{ARN}first")
    assert job["TransformJobStatus"] == "Completed"
    assert job["Environment"] == {"A": "1"}
    assert job["TransformResources"] == {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]


def test_a_job_is_described_as_it_was_asked_for_until_it_is_over(jobs, sm):
    request = request_of(
        MaxConcurrentTransforms=3,
        MaxPayloadInMB=5,
        BatchStrategy="SingleRecord",
        ModelClientConfig={"InvocationsMaxRetries": 1, "InvocationsTimeoutInSeconds": 9},
        DataProcessing={"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"},
        ExperimentConfig={"TrialName": "t"},
        source={"CompressionType": "Gzip"},
    )
    arn = sm.create_transform_job(**request)["TransformJobArn"]

    told = sm.describe_transform_job(TransformJobName=request["TransformJobName"])

    assert {name: told[name] for name in request} == request
    assert told["TransformJobArn"] == arn
    assert told["TransformJobStatus"] == "InProgress"
    assert not {"TransformStartTime", "TransformEndTime", "FailureReason"} & told.keys()


@pytest.mark.parametrize(
    "body", [b"1,2,x\n", b"1,2,3\n4,5\n", b"1,2,3,4\n"], ids=["text", "short", "long"]
)
def test_an_object_with_a_bad_record_has_no_output_and_the_others_do(jobs, sm, body):
    expected = put_parts(jobs)
    jobs.put("bad.csv", csv(ROWS[:50]) + body)

    job = jobs.run(sm)

    assert jobs.outputs() == expected
    assert job["TransformJobStatus"] == "Failed"
    assert f"s3://{BUCKET}/transforms/in/bad.csv: Received client error (4" in job["FailureReason"]
    assert job["TransformEndTime"]


def test_requests_of_any_size_give_the_same_bytes(jobs, sm, monkeypatch):
    jobs.put("a.csv", csv(ROWS))
    jobs.run(sm)
    expected = jobs.outputs()
    assert expected == {"a.csv.out": scores(ROWS)}

    monkeypatch.setattr("larder.transforms.score._REQUEST", 100)
    jobs.run(sm)
    assert jobs.outputs() == expected
    jobs.run(sm, BatchStrategy="SingleRecord")
    assert jobs.outputs() == expected
    jobs.run(sm, MaxPayloadInMB=1, source={"SplitType": None})
    assert jobs.outputs() == expected


def test_a_record_above_the_limit_fails_its_object(jobs, sm):
    expected = put_parts(jobs)
    jobs.put("long.csv", b"1," + b"1" * 2**20 + b",1\n")

    job = jobs.run(sm, MaxPayloadInMB=1)

    assert jobs.outputs() == expected
    assert "long.csv: A record has more than 1048576 bytes" in job["FailureReason"]


def test_a_whole_object_above_the_limit_fails(jobs, sm):
    jobs.put("long.csv", csv([ROWS[0]] * 60_000))

    job = jobs.run(sm, MaxPayloadInMB=1, source={"SplitType": "None"})

    assert jobs.outputs() == {}
    assert "SplitType to Line" in job["FailureReason"]


@pytest.mark.parametrize("size", [10, 1_000, 5_000])
def test_an_object_that_was_cut_is_joined_in_order(jobs, sm, monkeypatch, size):
    monkeypatch.setattr("larder.transforms.shards.SHARD_BYTES", size)
    jobs.put("a.csv", csv(ROWS).rstrip())
    jobs.put("empty.csv", b"")

    assert jobs.run(sm)["TransformJobStatus"] == "Completed"
    assert jobs.outputs() == {"a.csv.out": scores(ROWS), "empty.csv.out": b""}


def test_one_bad_range_leaves_its_whole_object_without_output(jobs, sm, monkeypatch):
    monkeypatch.setattr("larder.transforms.shards.SHARD_BYTES", 1_000)
    jobs.put("a.csv", csv(ROWS) + b"x,y,z\n")
    jobs.put("b.csv", csv(ROWS))

    assert jobs.run(sm)["TransformJobStatus"] == "Failed"
    assert jobs.outputs() == {"b.csv.out": scores(ROWS)}


@pytest.mark.parametrize("split", ["None", "Line"])
def test_gzip_is_read_and_the_output_is_plain(jobs, sm, split):
    jobs.put("a.csv.gz", gzip.compress(csv(ROWS)))

    jobs.run(sm, source={"CompressionType": "Gzip", "SplitType": split})

    assert jobs.outputs() == {"a.csv.gz.out": scores(ROWS)}


def test_a_manifest_names_the_objects(jobs, sm):
    put_parts(jobs)
    manifest = [{"prefix": f"s3://{BUCKET}/transforms/in/"}, "more/c.csv", "a.csv"]
    jobs.put("m.json", json.dumps(manifest).encode(), folder="transforms/")
    place = {"S3DataType": "ManifestFile", "S3Uri": f"s3://{BUCKET}/transforms/m.json"}

    assert jobs.run(sm, place=place)["TransformJobStatus"] == "Completed"
    assert jobs.outputs() == {"a.csv.out": scores(ROWS[:3]), "more/c.csv.out": scores(ROWS[4:9])}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ([], "it must be a list"),
        ({"prefix": "s3://lake/transforms/in/"}, "it must be a list"),
        ([{"prefix": "s3://lake/transforms/in/"}, 7], "which are texts"),
        ([{"prefix": "s3://lake/transforms/in/"}, "no.csv"], "no.csv does not exist"),
        ([{"prefix": "s3://lake/offline/"}, "a"], "outside the places"),
        ([{"prefix": "s3://lake/transforms/in/"}, "a.csv", "a.csv"], "Two objects"),
        ([{"prefix": "s3://lake/transforms/in/"}], "No S3 objects found"),
    ],
)
def test_a_manifest_that_can_not_be_followed_fails_the_job(jobs, sm, manifest, said):
    put_parts(jobs)
    jobs.put("m.json", json.dumps(manifest).encode(), folder="transforms/")
    place = {"S3DataType": "ManifestFile", "S3Uri": f"s3://{BUCKET}/transforms/m.json"}

    job = jobs.run(sm, place=place)

    assert (job["TransformJobStatus"], jobs.outputs()) == ("Failed", {})
    assert said in job["FailureReason"]


def test_a_prefix_without_objects_fails_the_job(jobs, sm):
    job = jobs.run(sm)
    assert job["TransformJobStatus"] == "Failed"
    assert "No S3 objects found under the S3 prefix" in job["FailureReason"]


def test_each_result_of_json_ends_its_line_once_where_lines_are_asked_for(jobs, sm):
    jobs.put("a.csv", csv(ROWS[:2]))
    lines = [
        {"predictions": [{"score": each}]} for each in boosters.predict(jobs.booster, ROWS[:2])
    ]
    texts = list(map(json.dumps, lines))

    jobs.run(sm, output={"Accept": "application/json"}, BatchStrategy="SingleRecord")
    assert jobs.outputs()["a.csv.out"].decode() == "".join(f"{each}\n" for each in texts)
    jobs.run(
        sm,
        output={"Accept": "application/json", "AssembleWith": "None"},
        BatchStrategy="SingleRecord",
    )
    assert jobs.outputs()["a.csv.out"].decode() == "".join(texts)


def test_softprob_has_the_form_of_a_batch(make, sm):
    booster = boosters.booster("multi:softprob")
    jobs = make(booster)
    jobs.put("a.csv", csv(ROWS[:3]))

    jobs.run(sm)

    expected = [str(each) for each in boosters.predict(booster, ROWS[:3])]
    assert jobs.outputs()["a.csv.out"].decode().splitlines() == expected


def test_rows_of_csv_are_filtered_and_joined(jobs, sm):
    rows = [[7, *ROWS[0]], [8, *ROWS[1]]]
    jobs.put("a.csv", csv(rows))
    first, second = boosters.predict(jobs.booster, ROWS[:2])

    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    jobs.run(sm, DataProcessing=processing)
    assert jobs.outputs()["a.csv.out"].decode() == f"7.0,{first}\n8.0,{second}\n"
    jobs.run(sm, DataProcessing=processing | {"OutputFilter": "$"})
    expected = [
        f"{line.decode()},{each}"
        for line, each in zip(csv(rows).splitlines(), (first, second), strict=True)
    ]
    assert jobs.outputs()["a.csv.out"].decode().splitlines() == expected


def test_lines_of_json_are_filtered_and_joined_however_many_there_are(make, sm):
    jobs = make(contract=Contract.LARDER)
    count = 250
    records = [{"id": place, "x": list(map(float, ROWS[place]))} for place in range(count)]
    jobs.put("a.jsonl", "".join(f"{json.dumps(each)}\n" for each in records).encode())

    job = jobs.run(
        sm,
        source={"ContentType": "application/jsonlines"},
        output={"Accept": "application/jsonlines"},
        DataProcessing={
            "InputFilter": "$.x",
            "JoinSource": "Input",
            "OutputFilter": "$['id','SageMakerOutput']",
        },
    )

    assert job["TransformJobStatus"] == "Completed", job
    found = list(map(json.loads, jobs.outputs()["a.jsonl.out"].splitlines()))
    assert found == [
        {"id": place, "SageMakerOutput": {"score": score}}
        for place, score in enumerate(boosters.predict(jobs.booster, ROWS[:count]))
    ]


def test_a_document_of_json_is_one_request_of_any_number_of_instances(make, sm):
    jobs = make(contract=Contract.LARDER)
    count = 150
    document = {"instances": [list(map(float, row)) for row in ROWS[:count]], "of": "day 1"}
    jobs.put("a.json", json.dumps(document).encode())

    job = jobs.run(
        sm,
        source={"ContentType": "application/json", "SplitType": "None"},
        output={"Accept": "application/json", "AssembleWith": "None"},
        DataProcessing={"InputFilter": "$['instances']", "JoinSource": "Input"},
    )

    assert job["TransformJobStatus"] == "Completed", job
    found = json.loads(jobs.outputs()["a.json.out"])
    scored = [{"score": each} for each in boosters.predict(jobs.booster, ROWS[:count])]
    assert found == {**document, "SageMakerOutput": {"predictions": scored}}


def test_a_name_is_given_once_whatever_its_case(jobs, sm):
    sm.create_transform_job(**request_of(TransformJobName="Once"))
    text = refused("ResourceInUse", sm.create_transform_job, **request_of(TransformJobName="once"))
    assert text == (
        "Job name must be unique within an AWS account and region, and a job with this name "
        f"already exists ({ARN}once)"
    )


def test_what_does_not_exist_is_named(jobs, sm):
    text = invalid(sm, ModelName="Nope")
    assert 'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/nope"' in text
    for call in (sm.describe_transform_job, sm.stop_transform_job):
        text = refused("ValidationException", call, TransformJobName="Nope")
        assert text == f"Could not find transform job '{ARN}nope'."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"MaxPayloadInMB": 0}, "at 'maxPayloadInMB'.*leave it out for 6"),
        ({"MaxPayloadInMB": 101}, "at 'maxPayloadInMB'.*less than or equal to 100"),
        ({"MaxPayloadInMB": 50, "MaxConcurrentTransforms": 3}, "at 'maxConcurrentTransforms'.*100"),
        ({"source": {"SplitType": "RecordIO"}}, "at 'transformInput.splitType'"),
        ({"source": {"SplitType": "None"}, "BatchStrategy": "SingleRecord"}, "at 'batchStrategy'"),
        ({"source": {"ContentType": "text/csv; header=present"}}, "splitType.*header=present"),
        ({"place": {"S3Uri": "s3://lake/offline/"}}, "s3Uri.*models.transform_buckets"),
        ({"place": {"S3Uri": "https://lake/transforms/"}}, "s3Uri.*must begin with s3://"),
        ({"place": {"S3DataType": "AugmentedManifestFile"}}, "s3DataType.*manifest"),
        ({"output": {"S3OutputPath": "s3://lake/transform-jobs/"}}, "s3OutputPath.*lie below"),
        ({"output": {"S3OutputPath": "s3://lake/transforms"}}, None),
        ({"output": {"KmsKeyId": "other"}}, "at 'transformOutput.kmsKeyId'.*platform's key"),
        (
            {"DataCaptureConfig": {"DestinationS3Uri": "s3://lake/x"}},
            "dataCaptureConfig.*JoinSource",
        ),
        ({"DataProcessing": {"InputFilter": "$[0:2,246:]"}}, "only single range filters"),
        ({"DataProcessing": {"InputFilter": "x"}}, r"inputFilter.*must begin with \$"),
        ({"DataProcessing": {"InputFilter": "$.a"}}, "inputFilter.*a row of CSV has no names"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "output": {"Accept": "text/plain"}},
            r"transformOutput.accept.*\[text/csv, application/json",
        ),
        (
            {"DataProcessing": {"OutputFilter": "$[0]"}, "output": {"Accept": None}},
            "at 'transformOutput.accept'",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "output": {"AssembleWith": None}},
            "at 'transformOutput.assembleWith'",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "source": {"SplitType": None}},
            "at 'transformInput.splitType'",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "output": {"Accept": "application/json"}},
            "at 'transformOutput.accept'.*both CSV",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_by_its_member(jobs, sm, changes, said):
    if said is None:
        sm.create_transform_job(**request_of(**changes))
        return
    text = invalid(sm, **changes)
    assert re.search(said, text, re.DOTALL), text
    assert jobs.machine.started == []


def test_jobs_are_listed_by_status_and_page_by_page(jobs, sm):
    jobs.put("a.csv", csv(ROWS[:1]))
    for name in ("one", "two", "three"):
        jobs.clock.now += 1_000_000
        sm.create_transform_job(**request_of(TransformJobName=name))
    jobs.machine.run(*jobs.machine.started[0], jobs.objects)

    def names(**members):
        found = sm.list_transform_jobs(**members)
        return [each["TransformJobName"] for each in found["TransformJobSummaries"]]

    assert names() == ["three", "two", "one"]
    assert names(StatusEquals="Completed") == ["one"]
    assert names(SortBy="Name", SortOrder="Ascending") == ["one", "three", "two"]
    assert names(NameContains="w") == ["two"]
    pages = sm.get_paginator("list_transform_jobs").paginate(MaxResults=2)
    assert [len(each["TransformJobSummaries"]) for each in pages] == [2, 1]
    (done,) = sm.list_transform_jobs(StatusEquals="Completed")["TransformJobSummaries"]
    assert done["TransformEndTime"] >= done["CreationTime"]
    text = refused("ValidationException", sm.list_transform_jobs, StatusEquals="Junk")
    assert (
        "at 'statusEquals' failed to satisfy constraint: Member must satisfy enum value set: "
        "[InProgress, Completed, Failed, Stopping, Stopped]"
    ) in text
    refused("ValidationException", sm.list_transform_jobs, NextToken="junk")


def test_a_stopped_job_keeps_what_is_finished_and_computes_no_more(jobs, sm):
    jobs.put("a.csv", csv(ROWS[:3]))
    request = request_of()
    sm.create_transform_job(**request)
    (started,) = jobs.machine.started
    name, call, steps = request["TransformJobName"], jobs.machine.call, []

    def stops_after_one(event):
        answer = call(event)
        steps.append(event["step"])
        if event["step"] == "score":
            sm.stop_transform_job(TransformJobName=name)
            told = sm.describe_transform_job(TransformJobName=name)
            assert told["TransformJobStatus"] == "Stopping"
        return answer

    jobs.machine.call = stops_after_one
    jobs.machine.run(*started, jobs.objects)

    told = sm.describe_transform_job(TransformJobName=name)
    assert told["TransformJobStatus"] == "Stopped"
    assert jobs.outputs() == {"a.csv.out": scores(ROWS[:3])}
    text = refused("ValidationException", sm.stop_transform_job, TransformJobName=name)
    assert text == "The request was rejected because the transform job is in status Stopped."


def test_a_job_that_is_stopped_before_it_began_writes_nothing(jobs, sm):
    put_parts(jobs)
    request = request_of()
    sm.create_transform_job(**request)
    sm.stop_transform_job(TransformJobName=request["TransformJobName"])
    sm.stop_transform_job(TransformJobName=request["TransformJobName"])

    jobs.machine.run(*jobs.machine.started[0], jobs.objects)

    told = sm.describe_transform_job(TransformJobName=request["TransformJobName"])
    assert (told["TransformJobStatus"], jobs.outputs()) == ("Stopped", {})


def test_a_job_whose_machine_does_not_begin_is_not_there(jobs, sm):
    jobs.machine.error = ServiceUnavailable("no machine")
    refused("ServiceUnavailable", sm.create_transform_job, **request_of(TransformJobName="x"))
    refused("ValidationException", sm.describe_transform_job, TransformJobName="x")

    jobs.machine.error = None
    sm.create_transform_job(**request_of(TransformJobName="x"))


def test_a_job_has_tags(jobs, sm):
    tags = [{"Key": "team", "Value": "ops"}]
    arn = sm.create_transform_job(**request_of(Tags=tags))["TransformJobArn"]
    assert sm.list_tags(ResourceArn=arn)["Tags"] == tags

    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "env", "Value": "dev"}])
    sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "env", "Value": "dev"}]


def test_a_model_may_be_deleted_while_its_job_runs(jobs, sm):
    expected = put_parts(jobs)
    sm.create_transform_job(**request_of())
    sm.delete_model(ModelName="churn")

    jobs.machine.run(*jobs.machine.started[0], jobs.objects)
    assert jobs.outputs() == expected


def test_as_many_tasks_run_at_a_time_as_asked_for_and_allowed(jobs, sm):
    jobs.put("a.csv", csv(ROWS[:1]))
    for members, expected in (
        ({}, 7),
        ({"MaxConcurrentTransforms": 2}, 2),
        ({"MaxConcurrentTransforms": 100, "MaxPayloadInMB": 1}, 7),
        ({"MaxConcurrentTransforms": 0}, 7),
    ):
        sm.create_transform_job(**request_of(**members))
        name, uid = jobs.machine.started[-1]
        plan = jobs.machine.call({"step": "plan", "job": name, "uid": uid})
        assert plan["concurrency"] == expected, members


def test_the_pages_example_does_what_it_says(jobs, sm, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs/batch_transform.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    jobs.make_model(sm, "late-flights")
    jobs.machine.objects = jobs.objects
    monkeypatch.setattr(boto3, "client", lambda name: sm if name == "sagemaker" else jobs.s3)

    exec(code, {"bucket": BUCKET})

    rows = [[0.1, 0.2, 0.3], [1, 2, 3]]
    first, second = boosters.predict(jobs.booster, rows)
    assert f"7,{first}\n8,{second}\n" in capsys.readouterr().out


def test_lines_with_identifiers_alone_are_scored_by_features_of_the_online_store(make, sm):
    jobs = make(contract=Contract.LARDER)
    read = {"feature_group": "customers"}
    inputs = [
        {"name": "clicks", **read},
        {"name": "score", **read},
        {"name": "amount", "source": "request", "type": "Fractional"},
    ]
    jobs.features = resolve(
        parse(json.dumps({"version": 1, "inputs": inputs})),
        Groups(feature_group()),
        lambda _: True,
        3,
        runtime=Runtime.XGBOOST,
    )
    jobs.make_model(sm, "of-features")
    count = 130
    for place in range(count):
        jobs.inference.put(f"c-{place}", clicks=str(place), score="0.5")
    records = [{"customer_id": f"c-{place}", "amount": 1.5} for place in range(count)]
    lines = [json.dumps(each).encode() for each in records]
    jobs.put("a.jsonl", b"\n".join(lines))
    jobs.put("gone.jsonl", b"\n".join([*lines, b'{"customer_id": "gone", "amount": 1.0}']))

    job = jobs.run(
        sm,
        ModelName="of-features",
        source={"ContentType": "application/jsonlines"},
        output={"Accept": "text/csv"},
    )

    assert jobs.outputs() == {"a.jsonl.out": scores([[place, 0.5, 1.5] for place in range(count)])}
    assert job["TransformJobStatus"] == "Failed"
    assert "gone.jsonl" in job["FailureReason"]
