"""Watermark, maintenance and erasure on the deployed platform, with the functions' own rights."""

import os
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


def larder(platform, *arguments, codes=(0,)):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "larder", *arguments, "--json"],
        env={**kept, **platform.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def erase(platform, group, who):
    """What an erasure says; its exit code tells whether all places were searched."""
    (said,) = larder(platform, "erase", group, who, codes=(0, 1))
    return said


def invoke(platform, output, **event):
    answer = platform.client("lambda").invoke(
        FunctionName=platform.outputs[output], Payload=orjson.dumps(event)
    )
    body = answer["Payload"].read()
    assert "FunctionError" not in answer, body
    return orjson.loads(body)


@pytest.fixture(scope="module")
def group(platform):
    """A group of this module, with four records that were committed one after the other."""
    name = f"upkeep-{uuid4().hex[:8]}"
    control = platform.client("sagemaker")
    control.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": feature, "FeatureType": "String"} for feature in ("id", "at", "city")
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": f"s3://{platform.outputs['OfflineBucketName']}/upkeep"}
        },
        RoleArn="arn:aws:iam::000000000000:role/features",
    )
    eventually(
        lambda: (
            control.describe_feature_group(FeatureGroupName=name)["FeatureGroupStatus"] == "Created"
        )
    )
    for number in range(4):
        put(platform, name, f"user-{number}")
        eventually(lambda rows=number + 1: state(platform, name)["rows"] == rows)
    return name


def put(platform, group, who):
    record = {"id": who, "at": "2024-01-01T00:00:00Z", "city": "Oslo"}
    platform.client("sagemaker-featurestore-runtime").put_record(
        FeatureGroupName=group,
        Record=[{"FeatureName": k, "ValueAsString": v} for k, v in record.items()],
    )


def state(platform, group):
    (status,) = larder(platform, "offline", "status", group)
    return status["state"]


def test_the_watermark_passes_what_was_written(platform, group):
    written = time.time_ns() // 1000
    beats = []

    def passed():
        # The clock's own rule beats once a minute; a watermark lies 30 seconds behind its beat.
        beats.append(invoke(platform, "HeartbeatFunctionName"))
        (status,) = larder(platform, "offline", "status", group)
        return status["watermark"] is not None and status["watermark"] >= written

    eventually(passed, seconds=150, every=3)
    assert all(beat["shards"] >= 1 for beat in beats)


def test_upkeep_merges_and_changes_no_row_and_erasure_removes_one(platform, group):
    before = state(platform, group)
    done = invoke(platform, "MaintenanceFunctionName", groups=[group])
    assert (done["failed"], list(done["kept"])) == ({}, [group])
    assert state(platform, group)["rows"] == before["rows"]
    erased = erase(platform, group, "user-1")
    assert erased["found"] > 0
    # another test's training set in the making may hold the record: erase says so, and is repeated
    eventually(lambda: erased["complete"] or erase(platform, group, "user-1")["complete"])
    assert state(platform, group)["rows"] == before["rows"] - 1
    runtime = platform.client("sagemaker-featurestore-runtime")
    read = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="user-1")
    assert "Record" not in read
    assert erase(platform, group, "user-1")["found"] == 0
