"""Real clients through the deployed stacks: the quickstart, the example's groups, sample events."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.test_histories import names
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
EVENTS = {
    "control": "ControlFunctionName",
    "runtime": "RuntimeFunctionName",
    "offline_writer": "OfflineWriterFunctionName",
    "lifecycle": "LifecycleFunctionName",
}


def run_example(platform, name, *arguments):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    program = ["-m", name] if name.startswith("examples.") else [str(ROOT / "examples" / name)]
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env={**kept, **platform.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=ROOT,
    )


def test_the_quickstart_runs_on_nothing_but_boto3(platform):
    done = run_example(platform, "quickstart.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'clicks': '7'" in done.stdout
    assert "bob, deleted       None" in done.stdout
    assert done.stdout.count("is_deleted") == 5


def test_the_example_loads_and_shows_one_day_and_loads_it_once(platform):
    days = ("--first", "2013-01-07", "--last", "2013-01-07")
    first = run_example(platform, "examples.flights", *days)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "records are in Iceberg" in first.stdout
    again = run_example(platform, "examples.flights", *days)
    assert again.stdout.count("is there already") == 4


def test_the_example_trains_a_model_on_either_engine(platform):
    days = ("--first", "2013-01-06", "--last", "2013-01-07")
    run_example(platform, "examples.flights", "--first", "2013-01-07", "--last", "2013-01-07")
    # The later day is there: the earlier one must be written all the same.
    loaded = run_example(platform, "examples.flights", *days)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    tables = []
    for engine in ("athena", "duckdb"):
        done = run_example(platform, "examples.training_set", *days, "--engine", engine)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The leaking join promises 0." in done.stdout
        tables.append(done.stdout.partition("AUC in the test")[2])
    assert tables[0] == tables[1]


def test_groups_defined_as_code_are_created_by_the_deployment(platform):
    control = platform.client("sagemaker")
    for name in ("aircraft", "carrier", "route", "origin_weather"):
        described = control.describe_feature_group(FeatureGroupName=name)
        assert described["FeatureGroupStatus"] == "Created"


@pytest.mark.parametrize("sample", EVENTS)
def test_a_function_is_invoked_directly_with_its_sample_event(platform, sample):
    payload = (ROOT / "examples" / "events" / f"{sample}.json").read_bytes()
    answer = platform.client("lambda").invoke(
        FunctionName=platform.outputs[EVENTS[sample]], Payload=payload
    )
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    assert body.get("statusCode", 200) == 200


def test_a_deleted_group_is_purged_and_its_name_comes_back_empty(platform):
    control, runtime = (
        platform.client(each) for each in ("sagemaker", "sagemaker-featurestore-runtime")
    )
    name = f"phoenix-{uuid4().hex[:8]}"
    definition = {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "at",
        "FeatureDefinitions": [
            {"FeatureName": "id", "FeatureType": "String"},
            {"FeatureName": "at", "FeatureType": "Fractional"},
        ],
        "OnlineStoreConfig": {"EnableOnlineStore": True},
    }
    record = [
        {"FeatureName": "id", "ValueAsString": "a"},
        {"FeatureName": "at", "ValueAsString": "1"},
    ]
    read = {"FeatureGroupName": name, "RecordIdentifierValueAsString": "a"}
    control.create_feature_group(**definition)
    runtime.put_record(FeatureGroupName=name, Record=record)
    assert runtime.get_record(**read)["Record"] == record
    control.delete_feature_group(FeatureGroupName=name)
    with pytest.raises(control.exceptions.ResourceInUse):
        control.create_feature_group(**definition)
    eventually(lambda: name not in names(control))
    control.create_feature_group(**definition)
    eventually(lambda: "Record" not in runtime.get_record(**read))
