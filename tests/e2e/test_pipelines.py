"""Feature pipelines through the deployed machine: events in, rows of both stores out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.declared.files import load_pipeline
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.sql.statement import Interval
from tests.e2e.test_ingestion import larder
from tests.support.deadlines import eventually
from tests.support.pipelines import SCHEMA, expected

pytestmark = pytest.mark.e2e
DEFINITIONS = Path(__file__).with_name("definitions")
START = 1_704_067_200_000_000  # 2024-01-01
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = {"varchar": str, "bigint": int, "double": float}
TWO_DAYS = ("--from", "2024-01-01T00:00Z", "--to", "2024-01-03T00:00Z")
OF_GROUP = ("pipeline", "run", "pipeline_of_group")
EVENTS = [
    {
        "k": "abc"[number % 3],
        "t": START + number * 50 * MINUTE - 12 * HOUR,
        "number": number,
        "x": None if number % 7 == 0 else round(number * 1.37 - 20, 2),
        "n": number,
        "city": ["x", "y", "é", None][number % 4],
    }
    for number in range(60)
]


@pytest.fixture(scope="module")
def events(platform):
    """The table of events that both definitions read."""
    glue, bucket = platform.client("glue"), platform.outputs["OfflineBucketName"]
    s3 = platform.client("s3")
    folder = "sources/events/"
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(EVENTS, SCHEMA), sink)
    s3.put_object(Bucket=bucket, Key=f"{folder}part", Body=sink.getvalue().to_pybytes())
    kinds = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double"}
    serde = "org.apache.hadoop.hive.ql.io.parquet"
    glue.create_database(DatabaseInput={"Name": "e2e_events"})
    glue.create_table(
        DatabaseName="e2e_events",
        TableInput={
            "Name": "events",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet"},
            "StorageDescriptor": {
                "Columns": [{"Name": each.name, "Type": kinds[each.type]} for each in SCHEMA],
                "Location": f"s3://{bucket}/{folder}",
                "InputFormat": f"{serde}.MapredParquetInputFormat",
                "OutputFormat": f"{serde}.MapredParquetOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": f"{serde}.serde.ParquetHiveSerDe",
                },
            },
        },
    )
    yield
    glue.delete_table(DatabaseName="e2e_events", Name="events")
    glue.delete_database(Name="e2e_events")


def run(platform, folder, *arguments):
    """Exit status and JSON of ``larder pipeline``."""
    done = larder(platform, folder, "pipeline", *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def history(platform, definition):
    """The offline table's rows in the form of the oracle."""
    described = platform.client("sagemaker").describe_feature_group(
        FeatureGroupName=definition.group
    )
    catalog = described["OfflineStoreConfig"]["DataCatalogConfig"]
    names = [each.name for each in definition.features]
    listed = ", ".join(f'"{each}"' for each in ("k", "event_time", *names))
    found = {}
    for row in asked(platform, catalog, f'SELECT {listed} FROM "{catalog["TableName"]}"'):
        key = (row.pop("k"), micros(row.pop("event_time")) - definition.available_after)
        assert key not in found
        found[key] = {name: row[name.lower()] for name in names}
    return found


def asked(platform, catalog, sql):
    """Rows of a query by Athena, typed."""
    athena = platform.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": catalog["Database"]},
        WorkGroup=platform.outputs["WorkGroupName"],
    )["QueryExecutionId"]

    def ended():
        status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        assert status["State"] != "FAILED", status
        return status["State"] == "SUCCEEDED"

    eventually(ended)
    answer = athena.get_query_results(QueryExecutionId=started)["ResultSet"]
    columns = answer["ResultSetMetadata"]["ColumnInfo"]
    for row in answer["Rows"][1:]:
        cells = [cell.get("VarCharValue") for cell in row["Data"]]
        yield {
            column["Name"].lower(): None if cell is None else KINDS[column["Type"]](cell)
            for column, cell in zip(columns, cells, strict=True)
        }


def micros(text):
    past = datetime.fromisoformat(text) - EPOCH
    return past // timedelta(microseconds=1)


def served(platform, definition, key):
    """The online record in the form of the oracle, and its point."""
    runtime = platform.client("sagemaker-featurestore-runtime")
    record = runtime.get_record(
        FeatureGroupName=definition.group, RecordIdentifierValueAsString=key
    )["Record"]
    texts = {each["FeatureName"]: each["ValueAsString"] for each in record}
    point = micros(texts["event_time"]) - definition.available_after
    of_type = {"Integral": int, "Fractional": float, "String": str}
    return point, {
        each.name: of_type[each.type](texts[each.name]) if each.name in texts else None
        for each in definition.features
    }


def test_intervals_are_computed_as_their_rules_say_and_published_once(platform, events, tmp_path):
    definition = load_pipeline(DEFINITIONS / "pipeline_hourly.yaml")
    wanted = expected(definition, EVENTS, Interval(START, START + 2 * DAY))
    backfill = ("backfill", "pipeline_hourly", *TWO_DAYS, "--chunk", "1d")
    status, done = run(platform, tmp_path, *backfill)
    assert (status, done["status"]) == (0, "SUCCEEDED"), done
    assert (done["published"], done["rows"]) == (2, len(wanted))
    assert history(platform, definition) == wanted
    for key in "abc":
        newest = max(point for k, point in wanted if k == key)
        assert served(platform, definition, key) == (newest, wanted[key, newest])

    status, done = run(platform, tmp_path, *backfill)
    assert (status, done["published"], done["rows"]) == (0, 0, 0)
    assert history(platform, definition) == wanted
    status, (shown,) = run(platform, tmp_path, "status", "pipeline_hourly")
    assert (status, shown["published_until"]) == (0, "2024-01-03T00:00:00Z")
    assert (shown["states"], shown["open"]) == ({"published": 2}, [])


def test_of_two_executions_at_once_each_interval_is_published_by_one(platform, events):
    """M9: both run whole, and what the one has the other leaves."""
    definition = load_pipeline(DEFINITIONS / "pipeline_twice.yaml")
    states, machine = platform.client("stepfunctions"), platform.outputs["PipelinesStateMachineArn"]
    asked = {"pipeline": "pipeline_twice", "from": "2024-01-01T00:00Z", "to": "2024-01-03T00:00Z"}
    started = [
        states.start_execution(stateMachineArn=machine, input=json.dumps({**asked, "chunk": "1d"}))
        for _ in range(2)
    ]

    def outcome(execution):
        found = states.describe_execution(executionArn=execution["executionArn"])
        assert found["status"] in ("RUNNING", "SUCCEEDED"), found
        return found.get("output")

    for each in started:
        eventually(lambda execution=each: outcome(execution))
    done = [json.loads(outcome(each)) for each in started]
    wanted = expected(definition, EVENTS, Interval(START, START + 2 * DAY))
    assert sum(each["published"] for each in done) == 2
    assert sum(each["rows"] for each in done) == len(wanted)
    assert history(platform, definition) == wanted


def test_a_group_s_history_is_computed_once_it_is_complete(platform, events, tmp_path):
    status, done = run(platform, tmp_path, "run", "pipeline_read", *TWO_DAYS, "--chunk", "1d")
    assert status == 0, done
    read = history(platform, load_pipeline(DEFINITIONS / "pipeline_read.yaml"))
    events = {(key, point + 10 * MINUTE): row["newest_n"] for (key, point), row in read.items()}
    until = START + 3 * DAY
    three_days = ("--from", "2024-01-01T00:00Z", "--to", "2024-01-04T00:00Z")

    # nothing is due before a heartbeat has proven the history
    eventually(lambda: larder(platform, tmp_path, *OF_GROUP, *three_days).returncode == 0, every=5)

    wanted = {}
    for key, when in events:
        day = [n for (k, t), n in events.items() if k == key and when - DAY < t <= when]
        greatest = max((each for each in day if each is not None), default=None)
        wanted[key, when] = {"rows_1d": len(day), "greatest_1d": greatest}
    assert all(START < when <= until for _, when in wanted)
    definition = load_pipeline(DEFINITIONS / "pipeline_of_group.yaml")
    assert history(platform, definition) == wanted


def test_rows_that_a_check_refuses_reach_no_store_and_status_says_why(platform, events, tmp_path):
    definition = load_pipeline(DEFINITIONS / "pipeline_checked.yaml")
    status, done = run(platform, tmp_path, "run", "pipeline_checked", *TWO_DAYS)
    assert (status, done["status"], done["published"]) == (1, "FAILED", 0)
    assert "2 of 2 intervals" in done["cause"]
    status, (shown,) = run(platform, tmp_path, "status", "pipeline_checked")
    assert status == 1
    assert [each["state"] for each in shown["open"]] == ["blocked", "blocked"]
    (first, second), cause = shown["open"], shown["open"][0]["cause"]
    assert "rows min: " in cause and "expected at least 1,000,000" in cause
    assert "newest_n max: " in cause and "expected at most 10" in cause
    assert "Paused" in second["cause"] and shown["paused"]
    results = {each["check"]: each for each in report(platform, first["run_id"])["findings"]}
    assert {name: each["result"] for name, each in results.items()} == {
        "rows min": "failed",
        "freshness": "passed",
        "unique [k, event_time]": "passed",
        "sql": "warned",
        "newest_n max": "failed",
    }
    late = {each["check"]: each for each in report(platform, second["run_id"])["findings"]}
    assert late["freshness"]["result"] == "failed"
    assert late["freshness"]["value"] == "the newest event is 39,000 s old"
    assert set(results["newest_n max"]["keys"]) == set("abc")
    assert history(platform, definition) == {}
    runtime = platform.client("sagemaker-featurestore-runtime")
    found = runtime.get_record(
        FeatureGroupName="pipeline_checked", RecordIdentifierValueAsString="a"
    )
    assert "Record" not in found

    reason = ("--reason", "a small table is all there is")
    status, done = run(platform, tmp_path, "accept", first["run_id"], *reason)
    assert (status, done["status"], done["published"]) == (0, "SUCCEEDED", 1), done
    wanted = expected(definition, EVENTS, Interval(START, START + DAY))
    assert history(platform, definition) == wanted
    newest = max(point for k, point in wanted if k == "a")
    assert served(platform, definition, "a") == (newest, wanted["a", newest])
    status, done = run(platform, tmp_path, "accept", first["run_id"], *reason)
    assert (status, done["published"]) == (0, 0)
    status, done = run(platform, tmp_path, "accept", f"{second['run_id']}0", *reason)
    assert (status, done["status"]) == (1, "FAILED")
    assert "is not blocked: its interval is blocked by attempt 1" in done["cause"]
    assert history(platform, definition) == wanted


def test_live_writes_and_runs_meet_by_event_time_and_then_by_write_time(platform, events, tmp_path):
    """M13: a newer record stays, an older one is replaced, of equal ones the later write counts."""
    definition = load_pipeline(DEFINITIONS / "pipeline_live.yaml")
    wanted = expected(definition, EVENTS, Interval(START, START + 2 * DAY))
    newest = {key: max(point for k, point in wanted if k == key) for key in "abc"}
    put_live(platform, definition, "a", newest["a"] + HOUR)
    put_live(platform, definition, "b", newest["b"] - HOUR)
    backfill = ("backfill", "pipeline_live", *TWO_DAYS)
    status, done = run(platform, tmp_path, *backfill)
    assert (status, done["status"]) == (0, "SUCCEEDED"), done
    live = LIVE | {each.name: None for each in definition.features if each.name not in LIVE}
    assert served(platform, definition, "a") == (newest["a"] + HOUR, live)
    assert served(platform, definition, "b") == (newest["b"], wanted["b", newest["b"]])

    put_live(platform, definition, "b", newest["b"])
    assert served(platform, definition, "b") == (newest["b"], live)
    status, done = run(platform, tmp_path, *backfill, "--again")
    assert (status, done["published"]) == (0, 2), done
    assert served(platform, definition, "a") == (newest["a"] + HOUR, live)
    assert served(platform, definition, "b") == (newest["b"], wanted["b", newest["b"]])


LIVE = {"events_1d": 4711}


def put_live(platform, definition, key, point):
    """Write the record of a point by PutRecord."""
    at = EPOCH + timedelta(microseconds=point + definition.available_after)
    values = {"k": key, "event_time": f"{at:%Y-%m-%dT%H:%M:%SZ}"} | LIVE
    platform.client("sagemaker-featurestore-runtime").put_record(
        FeatureGroupName=definition.group,
        Record=[{"FeatureName": n, "ValueAsString": str(v)} for n, v in values.items()],
    )


def report(platform, run_id):
    """The report on a run's checks."""
    key = f"pipelines/pipeline_checked/{run_id}/checks.json"
    found = platform.client("s3").get_object(Bucket=platform.outputs["OfflineBucketName"], Key=key)
    with found["Body"] as body:
        return json.loads(body.read())


def test_stores_history_and_source_agree_until_a_live_write_is_wrong(platform, events, tmp_path):
    definition = load_pipeline(DEFINITIONS / "pipeline_compared.yaml")
    status, done = run(platform, tmp_path, "backfill", "pipeline_compared", *TWO_DAYS)
    assert (status, done["status"]) == (0, "SUCCEEDED"), done
    status, report = compared(platform, tmp_path)
    assert [each["compared"] for each in report["comparisons"]] == [3, 3], report
    assert status == 0
    assert wrong_cells(report) == []

    assert step(platform, "consistency") == {"different": 0, "cells": 36}
    kinds = [event["eventType"] for event in lineage(platform, "pipeline_compared")]
    assert sorted(kinds) == ["COMPLETE", "COMPLETE", "START", "START"]
    shown = larder(platform, tmp_path, "lineage", "pipeline_compared")
    line = "spent_1d <- e2e_events.events.t (window), e2e_events.events.x (aggregation)"
    assert line in shown.stdout, shown.stderr
    status, stored = compared(platform, tmp_path, "--stored")
    assert status == 0
    assert stored["comparisons"] == report["comparisons"]
    printed = larder(platform, tmp_path, "consistency", "pipeline_compared", "--sample", "2")
    assert "2 records, 0 of 24 cells differ" in printed.stdout

    put_wrong(platform, definition, "a")
    eventually(lambda: compared(platform, tmp_path)[0] == 1)
    _, report = compared(platform, tmp_path)
    assert wrong_cells(report) == [("history vs source", "spent_1d", "a", -1.5)]
    assert report["comparisons"][1]["causes"] == {"newer live write": 1}


def lineage(platform, name):
    """The stored events of a pipeline's runs."""
    s3, bucket = platform.client("s3"), platform.outputs["OfflineBucketName"]
    for each in s3.list_objects_v2(Bucket=bucket, Prefix="lineage/")["Contents"]:
        with s3.get_object(Bucket=bucket, Key=each["Key"])["Body"] as body:
            event = json.loads(body.read())
        if event["job"]["name"] == f"pipeline.{name}":
            yield event


def compared(platform, folder, *arguments):
    """Exit status and report of ``larder consistency``."""
    done = larder(platform, folder, "consistency", "pipeline_compared", *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def wrong_cells(report):
    return [
        (comparison["question"], feature["feature"], each["key"], each["left"])
        for comparison in report["comparisons"]
        for feature in comparison["features"]
        for each in feature["worst"]
    ]


def step(platform, name):
    """What the function says that a schedule calls."""
    machine = platform.client("stepfunctions").describe_state_machine(
        stateMachineArn=platform.outputs["PipelinesStateMachineArn"]
    )
    function = json.loads(machine["definition"])["States"]["Plan"]["Resource"]
    given = json.dumps({"step": name, "pipeline": "pipeline_compared"})
    answer = platform.client("lambda").invoke(FunctionName=function, Payload=given)
    with answer["Payload"] as body:
        found = json.loads(body.read())
    assert "FunctionError" not in answer, found
    return found


def put_wrong(platform, definition, key):
    """Put the online record again, with one wrong value at its own event time."""
    runtime = platform.client("sagemaker-featurestore-runtime")
    record = runtime.get_record(
        FeatureGroupName=definition.group, RecordIdentifierValueAsString=key
    )["Record"]
    for each in record:
        if each["FeatureName"] == "spent_1d":
            each["ValueAsString"] = "-1.5"
    runtime.put_record(FeatureGroupName=definition.group, Record=record)


def test_without_spark_a_glue_job_fails_and_status_says_what_to_install(platform, tmp_path):
    status, done = run(platform, tmp_path, "run", "pipeline_on_spark", *TWO_DAYS)
    assert (status, done["status"], done["published"]) == (1, "FAILED", 0)
    status, (shown,) = run(platform, tmp_path, "status", "pipeline_on_spark")
    assert status == 1
    causes = [each["cause"] for each in shown["open"]]
    assert causes and all("FAILED: Spark is not installed" in each for each in causes)
    assert "make spark-tools" in causes[0]
    prepared = f"pipelines/pipeline_on_spark/{shown['open'][0]['run_id']}/rows.sql"
    found = platform.client("s3").get_object(
        Bucket=platform.outputs["OfflineBucketName"], Key=prepared
    )
    with found["Body"] as body:
        text = body.read().decode()
    assert "UNIX_MICROS(CAST(`at` AS TIMESTAMP)) > 1703894400000000" in text
