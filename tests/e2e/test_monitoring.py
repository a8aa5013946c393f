"""Monitoring on the deployed platform: a package's baseline by itself, and a run that names."""

import io
import json
import uuid
from dataclasses import replace
from datetime import UTC

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.training_sets.manifest import Column
from tests.support import boosters
from tests.support.deadlines import eventually
from tests.support.formats import FILE, MANIFEST
from tests.support.model_files import packed

pytestmark = pytest.mark.e2e
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
ROWS, _ = boosters.data(rows=1_000)
REQUESTS, INSTANCES = 5, 100


def stored_set(platform, name):
    """A training set of the model's columns, as ``training_sets.create`` leaves one."""
    bucket = platform.outputs["OfflineBucketName"]
    columns = {f"column_{place}": ROWS[:, place].astype("f8") for place in range(3)}
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body)
    key = f"training-sets/{name}/data/part.parquet"
    platform.client("s3").put_object(Bucket=bucket, Key=key, Body=body.getvalue())
    manifest = replace(
        MANIFEST,
        name=name,
        rows=len(ROWS),
        location=f"s3://{bucket}/training-sets/{name}/data/",
        columns=tuple(Column(each, each, "double", "label") for each in columns),
        files=(replace(FILE, address=f"s3://{bucket}/{key}"),),
    )
    place = f"training-sets/{name}/manifest.json"
    platform.client("s3").put_object(Bucket=bucket, Key=place, Body=manifest.to_json())


def endpoint_of_package(platform, name):
    """An endpoint of an approved package that names its training set."""
    bucket, control = platform.outputs["OfflineBucketName"], platform.client("sagemaker")
    key = f"model-data/{name}/model.tar.gz"
    body = packed(("xgboost-model", boosters.ubj()))
    platform.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    control.create_model_package_group(ModelPackageGroupName=name)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/{key}"}
    package = control.create_model_package(
        ModelPackageGroupName=name,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"larder:training-set": name},
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    control.create_model(
        ModelName=name,
        PrimaryContainer={"ModelPackageName": package},
        ExecutionRoleArn="arn:aws:iam::000000000000:role/sagemaker",
    )
    variant = {"VariantName": "A", "ModelName": name, "InstanceType": "ml.m5.large"}
    control.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    control.create_endpoint(EndpointName=name, EndpointConfigName=name)
    control.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def ask(platform, name, rows):
    for start in range(0, len(rows), INSTANCES):
        lines = (",".join(repr(float(each)) for each in row) for row in rows[start:][:INSTANCES])
        platform.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, Body="\n".join(lines), ContentType="text/csv"
        )


def call(platform, event):
    answer = platform.client("lambda").invoke(
        FunctionName=platform.outputs["MonitoringFunctionName"], Payload=json.dumps(event)
    )
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def documents(platform, prefix):
    s3, bucket = platform.client("s3"), platform.outputs["OfflineBucketName"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): json.loads(
            s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        )
        for each in listed
    }


def test_m4_a_package_gets_its_baseline_and_a_planted_shift_is_named(platform):
    name = f"watched-{uuid.uuid4().hex[:8]}"
    stored_set(platform, name)
    endpoint_of_package(platform, name)
    call(platform, {})
    made = documents(platform, f"monitoring/baselines/package/{name}/1/")
    version = made["current.json"]["version"]
    statistics = made[f"{version}/statistics.json"]
    assert statistics["dataset"]["item_count"] == len(ROWS)
    names = [each["name"] for each in statistics["features"]]
    assert names == ["column_0", "column_1", "column_2", "score"]

    shifted = ROWS[: REQUESTS * INSTANCES] + np.array([0.0, 2.0, 0.0], "f4")
    ask(platform, name, shifted)
    event = {"endpoint": name, "since": "2020-01-01T00:00:00Z"}
    done = eventually(
        lambda: found if (found := call(platform, event))["exposures"] >= len(shifted) else None,
        seconds=180,
    )
    assert {"column_1", "score"} >= {each["feature_name"] for each in done["violations"]}
    assert "column_1" in {each["feature_name"] for each in done["violations"]}
    alerts = documents(platform, f"monitoring/alerts/{name}/").values()
    assert "column_1" in {each["feature"] for each in alerts}


def scheduled(platform, endpoint):
    """A schedule that judges the two hours before now, once, made as any program makes it."""
    control, bucket = platform.client("sagemaker"), platform.outputs["OfflineBucketName"]
    source = {"EndpointName": endpoint, "LocalPath": "/opt/ml/processing/input"}
    reports = f"s3://{bucket}/transforms/{endpoint}"
    output = {"S3Output": {"S3Uri": reports, "LocalPath": "/opt/ml/processing/output"}}
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
    control.create_data_quality_job_definition(
        JobDefinitionName=endpoint,
        DataQualityAppSpecification={"ImageUri": "analyzer"},
        DataQualityJobInput={"EndpointInput": source},
        DataQualityJobOutputConfig={"MonitoringOutputs": [output]},
        JobResources={"ClusterConfig": cluster},
        RoleArn="arn:aws:iam::000000000000:role/sagemaker",
    )
    times = {"DataAnalysisStartTime": "-PT2H", "DataAnalysisEndTime": "-PT0H"}
    control.create_monitoring_schedule(
        MonitoringScheduleName=endpoint,
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "NOW", **times},
            "MonitoringJobDefinitionName": endpoint,
            "MonitoringType": "DataQuality",
        },
    )


def test_a_schedules_run_is_listed_and_its_documents_are_where_it_asked_for_them(platform):
    name = f"scheduled-{uuid.uuid4().hex[:8]}"
    control = platform.client("sagemaker")
    stored_set(platform, name)
    endpoint_of_package(platform, name)
    shifted = ROWS[: REQUESTS * INSTANCES] + np.array([0.0, 2.0, 0.0], "f4")
    ask(platform, name, shifted)
    event = {"endpoint": name, "since": "2020-01-01T00:00:00Z"}
    eventually(
        lambda: call(platform, event)["exposures"] >= len(shifted) or None,
        seconds=180,
    )
    scheduled(platform, name)
    call(platform, {})
    listed = control.list_monitoring_executions(MonitoringScheduleName=name)
    [found] = listed["MonitoringExecutionSummaries"]
    assert found["MonitoringExecutionStatus"] == "CompletedWithViolations", found
    described = control.describe_monitoring_schedule(MonitoringScheduleName=name)
    assert described["LastMonitoringExecutionSummary"] == found
    due = found["ScheduledTime"].astimezone(UTC)
    place = f"transforms/{name}/{name}/{name}/{due:%Y/%m/%d/%H}/"
    violations = documents(platform, place)["constraint_violations.json"]["violations"]
    assert "column_1" in {each["feature_name"] for each in violations}

    package = control.describe_model_package(
        ModelPackageName=control.list_model_packages(ModelPackageGroupName=name)[
            "ModelPackageSummaryList"
        ][0]["ModelPackageArn"]
    )
    statistics = package["DriftCheckBaselines"]["ModelDataQuality"]["Statistics"]["S3Uri"]
    bucket = platform.outputs["OfflineBucketName"]
    folder, _, file = statistics.removeprefix(f"s3://{bucket}/").rpartition("/")
    assert documents(platform, f"{folder}/")[file]["dataset"]["item_count"] == len(ROWS)
