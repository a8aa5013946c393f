"""Rows in bulk through the deployed platform: into both stores, each row of the history once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.valkey_probe import ask, number
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
ROWS, CUSTOMERS = 5000, 200


def larder(platform, folder, *arguments):
    """The command, as a person runs it after ``make env``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment = {
        "LARDER_REGISTRY_TABLE": platform.outputs["RegistryTableName"],
        "LARDER_RECORDS_TABLE": platform.outputs["RecordsTableName"],
        "LARDER_ACCOUNT_ID": "000000000000",
        "LARDER_REGION": "us-east-1",
        "LARDER_PARTITION": "aws",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "larder", *arguments],
        env={**kept, **environment, **platform.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=folder,
    )


@pytest.fixture
def group(platform, request):
    """A group of its own, of the tier Standard or of the one that a test names."""
    tier = getattr(request, "param", "Standard")
    control = platform.client("sagemaker")
    name = f"bulk-{uuid4().hex[:8]}"
    bucket = platform.outputs["OfflineBucketName"]
    control.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="customer_id",
        EventTimeFeatureName="event_time",
        FeatureDefinitions=[
            {"FeatureName": feature, "FeatureType": kind}
            for feature, kind in (
                ("customer_id", "String"),
                ("event_time", "String"),
                ("clicks", "Integral"),
                ("score", "Fractional"),
            )
        ],
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": tier},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{bucket}/offline"}},
        RoleArn="arn:aws:iam::000000000000:role/features",
    )

    def created():
        described = control.describe_feature_group(FeatureGroupName=name)
        return described["FeatureGroupStatus"] == "Created" and described

    eventually(created)
    yield control.describe_feature_group(FeatureGroupName=name)
    control.delete_feature_group(FeatureGroupName=name)


def count(platform, described, condition="1 = 1"):
    """Rows of the group's offline table, by Athena."""
    catalog = described["OfflineStoreConfig"]["DataCatalogConfig"]
    athena = platform.client("athena")
    started = athena.start_query_execution(
        QueryString=f'SELECT count(*) FROM "{catalog["TableName"]}" WHERE {condition}',
        QueryExecutionContext={"Database": catalog["Database"]},
        WorkGroup=platform.outputs["WorkGroupName"],
    )["QueryExecutionId"]

    def done():
        execution = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        return execution["Status"]["State"] == "SUCCEEDED"

    eventually(done)
    rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
    return int(rows[1]["Data"][0]["VarCharValue"])


def source(folder):
    times = [f"2024-01-{1 + n % 5:02}T{n % 24:02}:{n % 60:02}:00Z" for n in range(ROWS)]
    table = pa.table(
        {
            "customer_id": [f"c{n % CUSTOMERS}" for n in range(ROWS)],
            "event_time": ["never" if n == 7 else each for n, each in enumerate(times)],
            "clicks": list(range(ROWS)),
            "score": [n / 8 for n in range(ROWS)],
        }
    )
    path = folder / "rows.parquet"
    pq.write_table(table, path)
    return path, table.to_pylist()


def test_rows_go_into_both_stores_and_into_the_history_once(platform, group, tmp_path):
    path, rows = source(tmp_path)
    name = group["FeatureGroupName"]
    done = larder(platform, tmp_path, "ingest", name, str(path), "--to", "both", "--json",
                  "--rejects", str(tmp_path))  # fmt: skip
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["rejected"], told["written"]) == (ROWS, 1, ROWS - 1)
    assert told["stored"] == CUSTOMERS
    (reject,) = (tmp_path / told["rejects"]).read_text().splitlines()
    assert "not ISO-8601" in json.loads(reject)["reason"]

    runtime = platform.client("sagemaker-featurestore-runtime")
    newest = max(
        (row for row in rows if row["customer_id"] == "c3"),
        key=lambda row: (row["event_time"], row["clicks"]),
    )
    record = runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="c3")["Record"]
    found = {each["FeatureName"]: each["ValueAsString"] for each in record}
    assert found == {k: str(v) for k, v in newest.items()}

    # what a PutRecord sends through the stream comes after the bulk rows' changes did
    runtime.put_record(
        FeatureGroupName=name,
        Record=[
            {"FeatureName": "customer_id", "ValueAsString": "last"},
            {"FeatureName": "event_time", "ValueAsString": "2024-02-01T00:00:00Z"},
        ],
    )
    eventually(lambda: count(platform, group, "customer_id = 'last'") == 1)
    assert count(platform, group) == ROWS


def test_a_run_that_was_completed_is_not_done_again(platform, group, tmp_path):
    path, _ = source(tmp_path)
    arguments = ("ingest", group["FeatureGroupName"], str(path), "--run-id", "nightly")
    assert "4,999 rows written" in larder(platform, tmp_path, *arguments).stdout
    again = larder(platform, tmp_path, *arguments)
    assert "completed before" in again.stdout
    assert count(platform, group) == ROWS - 1


def test_history_is_materialized_and_twice_is_once(platform, group, tmp_path):
    path, _ = source(tmp_path)
    name = group["FeatureGroupName"]
    assert larder(platform, tmp_path, "ingest", name, str(path)).returncode == 1
    runtime = platform.client("sagemaker-featurestore-runtime")
    read = {"FeatureGroupName": name, "RecordIdentifierValueAsString": "c3"}
    assert "Record" not in runtime.get_record(**read)
    first = larder(platform, tmp_path, "materialize", name, "--json")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert (told["records"], told["stored"], told["older"]) == (CUSTOMERS, CUSTOMERS, 0)
    record = runtime.get_record(**read)["Record"]
    found = {each["FeatureName"]: each["ValueAsString"] for each in record}
    assert found["customer_id"] == "c3"
    assert float(found["score"]) == int(found["clicks"]) / 8
    again = json.loads(larder(platform, tmp_path, "materialize", name, "--json").stdout)
    assert (again["stored"], again["older"]) == (CUSTOMERS, 0)
    assert runtime.get_record(**read)["Record"] == record
    new = tmp_path / "new.csv"
    new.write_text("customer_id,event_time,clicks\nnew,2024-01-01T00:00:00Z,1\n")
    assert larder(platform, tmp_path, "ingest", name, str(new)).returncode == 0
    more = larder(platform, tmp_path, "materialize", name, "--incremental", "--json")
    told = json.loads(more.stdout)
    assert (told["rows_added"], told["stored"], told["full_because"]) == (1, 1, ""), more.stderr
    assert count(platform, group) == ROWS


@pytest.mark.parametrize("group", ["InMemory"], indirect=True)
def test_history_is_materialized_and_warmed_into_memory(platform, group, tmp_path):
    path, rows = source(tmp_path)
    name, port = group["FeatureGroupName"], platform.platform.ports["valkey"]
    assert larder(platform, tmp_path, "ingest", name, str(path)).returncode == 1
    ask(port, "FLUSHALL")
    told = json.loads(larder(platform, tmp_path, "materialize", name, "--json").stdout)
    assert (told["records"], told["stored"]) == (CUSTOMERS, CUSTOMERS)
    ask(port, "FLUSHALL")
    warmed = larder(platform, tmp_path, "materialize", name, "--warm", "--json")
    assert warmed.returncode == 0, warmed.stderr
    assert json.loads(warmed.stdout) == {"group": name, "records": CUSTOMERS, "unanswered": 0}
    assert number(port, "DBSIZE") >= CUSTOMERS

    runtime = platform.client("sagemaker-featurestore-runtime")
    asked = [f"c{n}" for n in range(100)]
    answer = runtime.batch_get_record(
        Identifiers=[{"FeatureGroupName": name, "RecordIdentifiersValueAsString": asked}]
    )
    newest = {row["customer_id"]: row for row in sorted(rows, key=_age) if _age(row)[0] != "never"}
    clicks = {
        each["RecordIdentifierValueAsString"]: value["ValueAsString"]
        for each in answer["Records"]
        for value in each["Record"]
        if value["FeatureName"] == "clicks"
    }
    assert clicks == {each: str(newest[each]["clicks"]) for each in asked}


def test_a_group_of_another_tier_cannot_be_warmed(platform, group, tmp_path):
    done = larder(platform, tmp_path, "materialize", group["FeatureGroupName"], "--warm")
    assert done.returncode == 1
    assert "is not served from memory" in done.stderr


def _age(row):
    return row["event_time"], row["clicks"]
