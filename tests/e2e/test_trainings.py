"""Trainings through the deployed machine: labels in, a compared and approved model out."""

import hashlib
import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from examples import training_step
from tests.e2e.test_ingestion import larder
from tests.support.deadlines import eventually

# a run is a training set, a training and a comparison: minutes where other tests have the cores
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
TRAINER, DATABASE = "larder-e2e-trainer", "e2e_training"
READ, FED = "trained_customer", "fed_customer"
START = 1_704_067_200_000_000  # 2024-01-01
DAY = 86_400_000_000
COUNT = 240
BUSY = 900
"""Seconds after which an execution is taken to hang: a machine may be busy with other tests."""
LAST = date(2024, 1, 22)
SERDE = "org.apache.hadoop.hive.ql.io.parquet"
EVENTS = pa.schema([("k", pa.string()), ("t", pa.int64()), ("x", pa.float64()), ("n", pa.int64())])
LABELS = pa.schema([("k", pa.string()), ("at", pa.string()), ("is_fraud", pa.int64())])


def customers():
    """Events and labels: a fraud is likelier the greater income and loans are."""
    random = np.random.default_rng(5)
    for number in range(COUNT):
        x, n = float(random.normal()), int(random.integers(0, 4))
        day = number * 20 // COUNT
        event = {"k": f"c{number}", "t": START + day * DAY, "x": round(x, 3), "n": n}
        at = f"2024-01-{day + 2:02}T00:00:00Z"
        yield event, {"k": f"c{number}", "at": at, "is_fraud": int(x + n / 2 > 0.7)}


def table(platform, name, rows, schema):
    """A Glue table over one file of Parquet."""
    bucket, folder = platform.outputs["OfflineBucketName"], f"sources/training-{name}/"
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink)
    body = sink.getvalue().to_pybytes()
    platform.client("s3").put_object(Bucket=bucket, Key=f"{folder}part", Body=body)
    kinds = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double"}
    platform.client("glue").create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet"},
            "StorageDescriptor": {
                "Columns": [{"Name": each.name, "Type": kinds[each.type]} for each in schema],
                "Location": f"s3://{bucket}/{folder}",
                "InputFormat": f"{SERDE}.MapredParquetInputFormat",
                "OutputFormat": f"{SERDE}.MapredParquetOutputFormat",
                "SerdeInfo": {"SerializationLibrary": f"{SERDE}.serde.ParquetHiveSerDe"},
            },
        },
    )


@pytest.fixture(scope="module")
def tables(platform):
    """Events for the pipelines, and labels."""
    platform.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    found = list(customers())
    table(platform, "events", [event for event, _ in found], EVENTS)
    table(platform, "labels", [label for _, label in found], LABELS)
    yield
    for name in ("events", "labels"):
        platform.client("glue").delete_table(DatabaseName=DATABASE, Name=name)
    platform.client("glue").delete_database(Name=DATABASE)


@pytest.fixture(scope="module")
def history(platform, tables):
    """The history that the trainings read whose triggers are no publications."""
    published(platform, READ, LAST)


def published(platform, pipeline, until):
    """Have a pipeline publish until the beginning of a day; what it has published stays."""
    days = {"from": "2024-01-01T00:00Z", "to": f"{until}T00:00Z"}
    started = platform.client("stepfunctions").start_execution(
        stateMachineArn=platform.outputs["PipelinesStateMachineArn"],
        input=json.dumps({"pipeline": pipeline, **days}, separators=(",", ":")),
    )
    ended(platform, started["executionArn"])


def without_versions(platform, training):
    """The group of packages of a training, which is named as it is: there, and empty."""
    control = platform.client("sagemaker")
    if not control.list_model_package_groups(NameContains=training)["ModelPackageGroupSummaryList"]:
        control.create_model_package_group(ModelPackageGroupName=training)
    for each in packages(platform, training):
        control.delete_model_package(ModelPackageName=each["ModelPackageArn"])


@pytest.fixture(scope="module")
def trainer(platform):
    """The training step, over the layers of the function that compares, with a role of its own."""
    functions, iam = platform.client("lambda"), platform.client("iam")
    make_trainer(functions, role_of_trainer(iam, platform.outputs["OfflineBucketName"]))
    yield
    functions.delete_function(FunctionName=TRAINER)
    iam.delete_role_policy(RoleName=TRAINER, PolicyName="files")
    iam.delete_role(RoleName=TRAINER)


def role_of_trainer(iam, bucket):
    """The ARN of a role that reads what is trained on and writes models, and nothing else."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=TRAINER, AssumeRolePolicyDocument=json.dumps(document))
    rights = [
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/trainings/e2e-*/*/train.parquet"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/model-data/trainings/e2e-*"),
    ]
    allowed = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in rights]
    allowed.append(
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_role_policy(RoleName=TRAINER, PolicyName="files", PolicyDocument=policy)
    return role["Role"]["Arn"]


def make_trainer(functions, role):
    [comparing] = [
        each
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"] == "lambdas.model_comparison.handler.handler"
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(Path(__file__).with_name("trainer_function.py"), "trainer_function.py")
        archive.write(training_step.__file__, "examples/training_step.py")
    functions.create_function(
        FunctionName=TRAINER,
        Runtime=comparing["Runtime"],
        Role=role,
        Handler="trainer_function.handler",
        Code={"ZipFile": packed.getvalue()},
        Layers=[each["Arn"] for each in comparing["Layers"]],
        Timeout=300,
        MemorySize=1024,
        Architectures=comparing.get("Architectures", ["x86_64"]),
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=TRAINER)


def trains(platform, **environment):
    """How the training step behaves from now on; each test says so at its beginning."""
    functions = platform.client("lambda")
    functions.update_function_configuration(
        FunctionName=TRAINER, Environment={"Variables": environment}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=TRAINER)


def ended(platform, arn):
    """An execution's output, once it has succeeded."""
    states = platform.client("stepfunctions")

    def over():
        found = states.describe_execution(executionArn=arn)
        assert found["status"] in ("RUNNING", "SUCCEEDED"), found
        return found["status"] == "SUCCEEDED"

    eventually(over, seconds=BUSY)
    return json.loads(states.describe_execution(executionArn=arn)["output"])


def begun(platform, given):
    """The output of an execution with the very input that a trigger hands on."""
    started = platform.client("stepfunctions").start_execution(
        stateMachineArn=platform.outputs["TrainingsStateMachineArn"], input=given
    )
    return ended(platform, started["executionArn"])


def executions(platform, **given):
    """The executions that began with this input."""
    states = platform.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=platform.outputs["TrainingsStateMachineArn"]
    )
    arns = [each["executionArn"] for page in pages for each in page["executions"]]
    return {
        arn
        for arn in arns
        if json.loads(states.describe_execution(executionArn=arn)["input"]) == given
    }


def packages(platform, training):
    control = platform.client("sagemaker")
    found = control.list_model_packages(ModelPackageGroupName=training, SortOrder="Ascending")
    return [
        control.describe_model_package(ModelPackageName=each["ModelPackageArn"])
        for each in found["ModelPackageSummaryList"]
    ]


def stored(platform, key):
    bucket = platform.outputs["OfflineBucketName"]
    return platform.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.mark.usefixtures("tables", "trainer")
def test_new_data_begin_a_run_that_trains_registers_and_approves(platform):
    """Row O4, whole: a pipeline publishes, and a model is approved that names its rows."""
    name, asked = "e2e-fed", {"training": "e2e-fed", "trigger": "new_data"}
    without_versions(platform, name)
    trains(platform)
    earlier = executions(platform, **asked)
    # on a platform that has seen this test before there is a day more to publish
    published(platform, FED, LAST + timedelta(days=len(earlier)))
    (arn,) = eventually(lambda: executions(platform, **asked) - earlier, seconds=BUSY)
    done = ended(platform, arn)
    assert (done["state"], done["outcome"]) == ("done", "approved")
    (first,) = packages(platform, name)
    assert first["ModelApprovalStatus"] == "Approved"
    assert "there is no champion" in first["ApprovalDescription"]
    report = json.loads(stored(platform, f"trainings/{name}/{done['run']}/report.json"))
    assert report["candidate_value"] > 0.9
    assert report["rows"] >= COUNT // 4
    metadata = first["CustomerMetadataProperties"]
    assert metadata["larder:training-set"] == f"{name}-{done['run']}"
    manifest = stored(platform, f"training-sets/{name}-{done['run']}/manifest.json")
    assert hashlib.sha256(manifest).hexdigest() == metadata["larder:manifest-sha256"]
    assert json.loads(manifest)["rows"] == COUNT


def rule_of(platform, alarm):
    """The rule that hears an alarm."""
    pages = platform.client("events").get_paginator("list_rules").paginate()
    rules = (each for page in pages for each in page["Rules"])
    (found,) = (each for each in rules if alarm in each.get("EventPattern", ""))
    return found


@pytest.mark.usefixtures("history", "trainer")
def test_an_alarm_begins_a_run_whose_worse_candidate_is_left_to_a_person(platform):
    """Row O4. The emulator emits no event of an alarm: the rule is asked, and its input used."""
    name, events = "e2e-drifting", platform.client("events")
    without_versions(platform, name)
    rule = rule_of(platform, "larder-*-Drift*")
    event = {
        "version": "0",
        "id": "1",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"alarmName": "larder-dev-Drift6CA", "state": {"value": "ALARM"}},
    }
    for state, is_heard in (("ALARM", True), ("OK", False)):
        event["detail"]["state"]["value"] = state
        asked = {"EventPattern": rule["EventPattern"], "Event": json.dumps(event)}
        assert events.test_event_pattern(**asked)["Result"] is is_heard
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    trains(platform)
    champion = begun(platform, target["Input"])
    trains(platform, IS_POOR="yes")
    done = begun(platform, target["Input"])
    assert (champion["outcome"], done["outcome"]) == ("approved", "pending")
    assert done["champion"] == champion["package"]
    worse = packages(platform, name)[-1]
    assert worse["ModelApprovalStatus"] == "PendingManualApproval"
    assert "not better" in worse["ApprovalDescription"]
    assert champion["package"] in worse["ApprovalDescription"]


@pytest.mark.usefixtures("history", "trainer")
def test_the_schedule_begins_a_run_with_the_input_that_it_has(platform):
    """Row O4."""
    name, schedules = "e2e-nightly", platform.client("scheduler")
    without_versions(platform, name)
    pages = schedules.get_paginator("list_schedules").paginate()
    listed = (
        schedules.get_schedule(Name=one["Name"]) for page in pages for one in page["Schedules"]
    )
    (found,) = (each for each in listed if name in each["Target"]["Input"])
    trains(platform)
    done = begun(platform, found["Target"]["Input"])
    assert (done["state"], done["outcome"]) == ("done", "pending")  # a person approves there
    (left,) = packages(platform, name)
    assert left["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.usefixtures("history", "trainer")
def test_a_person_begins_a_run_and_finds_the_cause_of_one_that_failed(platform, tmp_path):
    """Row O4."""
    name = "e2e-by-hand"
    without_versions(platform, name)
    trains(platform)
    done = larder(platform, tmp_path, "train", "run", name, "--json")
    assert done.returncode == 0, done.stderr
    assert "there is no champion" in json.loads(done.stdout)["reason"]
    trains(platform, FAILS="out of patience")
    failed = larder(platform, tmp_path, "train", "run", name)
    assert failed.returncode == 1
    assert "out of patience" in failed.stderr
    status = larder(platform, tmp_path, "train", "status", name)
    assert status.returncode == 1
    assert "by hand failed: RuntimeError: out of patience" in status.stdout
