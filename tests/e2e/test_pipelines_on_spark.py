"""A pipeline through the deployed machine and its Glue job, beside the same one on Athena.

Not in `make test`, for Spark is large and slow to start; `make spark` and `make soak` run it.
"""

import hashlib
import json
import shutil
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.declared.files import load_pipeline
from larder.pipelines.durations import DAY
from larder.pipelines.sql.statement import Interval
from local import tools
from tests.e2e.test_pipelines import (
    DEFINITIONS,
    EPOCH,
    EVENTS,
    START,
    TWO_DAYS,
    asked,
    history,
    run,
    served,
)
from tests.support.deadlines import eventually
from tests.support.pipelines import expected

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.soak,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 on the PATH"),
]
COLUMNS = "k string, at timestamp, number bigint, x double, n bigint, city string"
SCRIPT = """
import sys
from pyspark.sql import SparkSession

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
spark = SparkSession.builder.getOrCreate()
rows = spark.createDataFrame([(arguments["--JOB_NAME"],)], "name string")
rows.write.mode(arguments["--mode"]).json(arguments["--out"])
spark.sql("SELECT 1 / " + arguments["--divisor"]).collect()
spark.sql("SELECT * FROM " + arguments["--table"]).collect()
"""


@pytest.fixture(scope="module")
def spark(platform):
    """The platform, on which Spark is installed."""
    if not tools.has_spark(platform.platform.tools):
        pytest.skip("Spark is not installed: make spark-tools")
    return platform


@pytest.fixture(scope="module")
def events(spark):
    """An Iceberg table of the events, made by Athena: its timestamps have no zone."""
    glue, bucket = spark.client("glue"), spark.outputs["OfflineBucketName"]
    glue.create_database(DatabaseInput={"Name": "e2e_spark"})
    catalog = {"Database": "e2e_spark"}
    made = f"CREATE TABLE e2e_spark.events ({COLUMNS}) LOCATION 's3://{bucket}/sources/spark/'"
    list(asked(spark, catalog, f"{made} TBLPROPERTIES ('table_type' = 'ICEBERG')"))
    rows = ", ".join(map(row_of, EVENTS))
    list(asked(spark, catalog, f"INSERT INTO e2e_spark.events VALUES {rows}"))
    yield
    glue.delete_table(DatabaseName="e2e_spark", Name="events")
    glue.delete_database(Name="e2e_spark")


def row_of(event):
    """An event as SQL has it."""
    at = f"TIMESTAMP '{EPOCH + timedelta(microseconds=event['t']):%Y-%m-%d %H:%M:%S}'"
    others = ("NULL" if event[each] is None else repr(event[each]) for each in ("x", "n", "city"))
    return f"('{event['k']}', {at}, {event['number']}, {', '.join(others)})"


def staged(platform, name):
    """What runs staged: of each run how many rows, and a digest of them sorted; and all columns."""
    bucket, s3 = platform.outputs["OfflineBucketName"], platform.client("s3")
    runs, columns = {}, set()
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"pipelines/{name}/")["Contents"]
    for key in (each["Key"] for each in listed if "/rows/" in each["Key"]):
        if key.rpartition("/")[2].startswith(("_", ".")):
            continue
        with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            table = pq.read_table(pa.BufferReader(body.read()))
        table = table.rename_columns([each.lower() for each in table.column_names])
        columns.add(tuple((each.name, str(each.type)) for each in table.schema))
        rows = runs.setdefault(key.split("/")[2].removeprefix(name), [])
        rows += [json.dumps(each) for each in table.to_pylist()]
    digests = {
        run_id: (len(rows), hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest())
        for run_id, rows in runs.items()
    }
    return digests, columns


def test_an_interval_has_the_same_rows_from_spark_and_from_athena(spark, events, tmp_path):
    """S1, and M4 through the machine: staged rows are equal in bits, and as the rules say."""
    definition = load_pipeline(DEFINITIONS / "pipeline_on_spark.yaml")
    wanted = expected(definition, EVENTS, Interval(START, START + 2 * DAY))
    for name in ("pipeline_on_athena", "pipeline_on_spark"):
        status, done = run(spark, tmp_path, "backfill", name, *TWO_DAYS, "--chunk", "1d")
        told = run(spark, tmp_path, "status", name)
        assert (status, done["published"], done["rows"]) == (0, 2, len(wanted)), told
    by_athena, by_spark = (
        staged(spark, name) for name in ("pipeline_on_athena", "pipeline_on_spark")
    )
    assert by_spark == by_athena
    assert len(by_spark[0]) == 2
    assert history(spark, definition) == wanted
    for key in "abc":
        newest = max(point for k, point in wanted if k == key)
        assert served(spark, definition, key) == (newest, wanted[key, newest])


@pytest.fixture
def job(spark):
    """A Glue job with a script of its own, and the folder that it writes."""
    glue, s3 = spark.client("glue"), spark.client("s3")
    bucket = spark.outputs["OfflineBucketName"]
    s3.put_object(Bucket=bucket, Key="sources/job.py", Body=SCRIPT.encode())
    location = f"s3://{bucket}/sources/job.py"
    jobs = glue.get_jobs()["Jobs"]
    (role,) = (each["Role"] for each in jobs if each["Command"]["Name"] == "glueetl")
    glue.create_job(
        Name="e2e-job",
        Role=role,
        Command={"Name": "glueetl", "ScriptLocation": location},
        DefaultArguments={
            "--divisor": "1",
            "--table": "range(1)",
            "--conf": "spark.sql.ansi.enabled=true",
        },
    )
    yield f"s3://{bucket}/pipelines/e2e-job/"
    glue.delete_job(JobName="e2e-job")


def ended(platform, **arguments):
    """How a run of the job ended."""
    glue = platform.client("glue")
    given = {f"--{name}": value for name, value in arguments.items()}
    started = glue.start_job_run(JobName="e2e-job", Arguments=given)["JobRunId"]

    def state():
        found = glue.get_job_run(JobName="e2e-job", RunId=started)["JobRun"]
        return None if found["JobRunState"] in ("STARTING", "RUNNING") else found

    return eventually(state, seconds=300)


def written(platform, address):
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    found = platform.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    names = (each["Key"].rpartition("/")[2] for each in found.get("Contents", []))
    return sorted(each for each in names if each.startswith("part-"))


def test_a_glue_job_runs_its_script_with_its_arguments_and_its_settings(spark, job):
    """M15: its rows replace those that are there, or are added; a job that fails leaves none."""
    first = ended(spark, out=job, mode="overwrite")
    assert first["JobRunState"] == "SUCCEEDED", first
    names = written(spark, job)
    assert len(names) > 0
    assert ended(spark, out=job, mode="append")["JobRunState"] == "SUCCEEDED"
    assert set(names) < set(written(spark, job))
    assert ended(spark, out=job, mode="overwrite")["JobRunState"] == "SUCCEEDED"
    again = written(spark, job)
    assert len(again) == len(names)
    failed = ended(spark, out=job, mode="append", divisor="0")
    assert failed["JobRunState"] == "FAILED"
    assert "DIVIDE_BY_ZERO" in failed["ErrorMessage"]
    assert written(spark, job) == again


def test_a_glue_job_has_the_rights_of_its_role(spark, job):
    bucket = spark.outputs["OfflineBucketName"]
    refused = ended(spark, out=f"s3://{bucket}/models/e2e-job/", mode="overwrite")
    assert refused["JobRunState"] == "FAILED"
    assert "AccessDenied" in refused["ErrorMessage"]


def test_a_table_that_is_not_icebergs_is_refused_by_its_name(spark, job):
    refused = ended(spark, out=job, mode="overwrite", table="e2e_hive.events")
    assert refused["JobRunState"] == "FAILED"
    assert "TABLE_OR_VIEW_NOT_FOUND" in refused["ErrorMessage"]
    assert "`e2e_hive`.`events`" in refused["ErrorMessage"]
