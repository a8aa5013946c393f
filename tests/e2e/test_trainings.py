"""Trainings through the deployed machine: labels in, a compared and approved model out."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.test_ingestion import larder
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
NAME, GROUP, TRAINER = "e2e-fraud", "e2e-fraud", "larder-e2e-trainer"
DATABASE = "e2e_training"
START = 1_704_067_200_000_000  # 2024-01-01
DAY = 86_400_000_000
COUNT = 240
DAYS = {"from": "2024-01-01T00:00Z", "to": "2024-01-22T00:00Z"}
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
def data(platform):
    """Events for the pipeline, labels, and the group of packages."""
    platform.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    found = list(customers())
    table(platform, "events", [event for event, _ in found], EVENTS)
    table(platform, "labels", [label for _, label in found], LABELS)
    control = platform.client("sagemaker")
    if not control.list_model_package_groups(NameContains=GROUP)["ModelPackageGroupSummaryList"]:
        control.create_model_package_group(ModelPackageGroupName=GROUP)
    yield
    for name in ("events", "labels"):
        platform.client("glue").delete_table(DatabaseName=DATABASE, Name=name)
    platform.client("glue").delete_database(Name=DATABASE)


@pytest.fixture(scope="module")
def trainer(platform):
    """The training step, over the layers of the function that compares, with a role of its own."""
    functions, iam = platform.client("lambda"), platform.client("iam")
    bucket = platform.outputs["OfflineBucketName"]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=TRAINER, AssumeRolePolicyDocument=json.dumps(document))
    rights = [
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/trainings/{NAME}/*/train.parquet"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/model-data/trainings/{NAME}/*"),
    ]
    allowed = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in rights]
    allowed.append(
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_role_policy(RoleName=TRAINER, PolicyName="files", PolicyDocument=policy)
    [comparing] = [
        each
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"] == "lambdas.model_comparison.handler.handler"
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(Path(__file__).with_name("trainer_function.py"), "trainer_function.py")
    functions.create_function(
        FunctionName=TRAINER,
        Runtime=comparing["Runtime"],
        Role=role["Role"]["Arn"],
        Handler="trainer_function.handler",
        Code={"ZipFile": packed.getvalue()},
        Layers=[each["Arn"] for each in comparing["Layers"]],
        Timeout=300,
        MemorySize=1024,
        Architectures=comparing.get("Architectures", ["x86_64"]),
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=TRAINER)
    yield
    functions.delete_function(FunctionName=TRAINER)
    iam.delete_role_policy(RoleName=TRAINER, PolicyName="files")
    iam.delete_role(RoleName=TRAINER)


def ended(platform, arn):
    """An execution's output, once it has succeeded."""
    states = platform.client("stepfunctions")

    def over():
        found = states.describe_execution(executionArn=arn)
        assert found["status"] in ("RUNNING", "SUCCEEDED"), found
        return found["status"] == "SUCCEEDED"

    eventually(over)
    return json.loads(states.describe_execution(executionArn=arn)["output"])


def started_by(platform, trigger):
    """The newest execution that a trigger began; ``None`` before it did."""
    states = platform.client("stepfunctions")
    machine = platform.outputs["TrainingsStateMachineArn"]
    for each in states.list_executions(stateMachineArn=machine)["executions"]:
        found = states.describe_execution(executionArn=each["executionArn"])
        if json.loads(found["input"]) == {"training": NAME, "trigger": trigger}:
            return each["executionArn"]
    return None


def awaited(platform, trigger):
    eventually(lambda: started_by(platform, trigger) is not None)
    return ended(platform, started_by(platform, trigger))


def packages(platform):
    control = platform.client("sagemaker")
    found = control.list_model_packages(ModelPackageGroupName=GROUP, SortOrder="Ascending")
    return [
        control.describe_model_package(ModelPackageName=each["ModelPackageArn"])
        for each in found["ModelPackageSummaryList"]
    ]


@pytest.mark.usefixtures("data", "trainer")
def test_new_data_begin_a_run_that_trains_registers_and_approves(platform):
    """Row O4, whole: a pipeline publishes, and a model is approved."""
    states = platform.client("stepfunctions")
    published = states.start_execution(
        stateMachineArn=platform.outputs["PipelinesStateMachineArn"],
        input=json.dumps({"pipeline": "trained_customer", **DAYS}, separators=(",", ":")),
    )["executionArn"]
    assert ended(platform, published)["rows"] == COUNT
    done = awaited(platform, "new_data")
    assert (done["state"], done["package"], done["outcome"]) == ("done", f"{GROUP}/1", "approved")
    (first,) = packages(platform)
    assert first["ModelApprovalStatus"] == "Approved"
    assert "there is no champion" in first["ApprovalDescription"]
    metadata = first["CustomerMetadataProperties"]
    assert metadata["larder:training-set"] == f"{NAME}-{done['run']}"
    bucket, s3 = platform.outputs["OfflineBucketName"], platform.client("s3")
    report = s3.get_object(Bucket=bucket, Key=f"trainings/{NAME}/{done['run']}/report.json")
    found = json.loads(report["Body"].read())
    assert found["candidate_value"] > 0.9
    assert found["rows"] >= COUNT // 4


def trains(platform, **environment):
    """Have the training step behave otherwise."""
    functions = platform.client("lambda")
    functions.update_function_configuration(
        FunctionName=TRAINER, Environment={"Variables": environment}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=TRAINER)


def begun(platform, given):
    """The output of an execution with the very input that a trigger hands on."""
    started = platform.client("stepfunctions").start_execution(
        stateMachineArn=platform.outputs["TrainingsStateMachineArn"], input=given
    )
    return ended(platform, started["executionArn"])


@pytest.mark.usefixtures("data", "trainer")
def test_an_alarm_begins_a_run_whose_worse_candidate_is_left_to_a_person(platform):
    """Row O4. The emulator emits no event of an alarm: the rule is asked, and its input used."""
    events = platform.client("events")
    (rule,) = (
        each
        for each in events.list_rules()["Rules"]
        if "larder-e2e-drift" in each.get("EventPattern", "")
    )
    event = {
        "version": "0",
        "id": "1",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"alarmName": "larder-e2e-drift", "state": {"value": "ALARM"}},
    }
    heard = events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))
    assert heard["Result"] is True
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    trains(platform, IS_POOR="yes")
    before = len(packages(platform))
    done = begun(platform, target["Input"])
    assert (done["outcome"], done["package"]) == ("pending", f"{GROUP}/{before + 1}")
    worse = packages(platform)[-1]
    assert worse["ModelApprovalStatus"] == "PendingManualApproval"
    assert "not better" in worse["ApprovalDescription"]
    assert done["champion"] in worse["ApprovalDescription"]


@pytest.mark.usefixtures("data", "trainer")
def test_the_schedule_begins_a_run_with_the_input_that_it_has(platform):
    """Row O4."""
    schedules = platform.client("scheduler")
    (found,) = (
        each
        for each in (
            schedules.get_schedule(Name=one["Name"])
            for one in schedules.list_schedules()["Schedules"]
        )
        if NAME in each["Target"]["Input"]
    )
    trains(platform)
    done = begun(platform, found["Target"]["Input"])
    assert (done["state"], done["outcome"]) == ("done", "pending")


@pytest.mark.usefixtures("data", "trainer")
def test_a_person_begins_a_run_and_finds_the_cause_of_one_that_failed(platform, tmp_path):
    """Row O4."""
    trains(platform)
    done = larder(platform, tmp_path, "train", "run", NAME, "--json")
    assert done.returncode == 0, done.stderr
    assert "not better" in json.loads(done.stdout)["reason"]  # it is as good as the champion
    trains(platform, FAILS="out of patience")
    failed = larder(platform, tmp_path, "train", "run", NAME)
    assert failed.returncode == 1
    assert "out of patience" in failed.stderr
    status = larder(platform, tmp_path, "train", "status", NAME)
    assert status.returncode == 1
    assert "by hand failed: RuntimeError: out of patience" in status.stdout
