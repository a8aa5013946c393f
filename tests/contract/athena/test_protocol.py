"""Athena's API as boto3 and plain HTTP see it."""

import random
import uuid

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from tests.contract.athena.tables import hive_table, put_parquet

BAD_ID = "11111111-2222-3333-4444-555555555555"


def test_an_execution_describes_itself(athena):
    ran = athena.run("SELECT 1 AS x WHERE 1 = ?", "1")

    assert ran.document["Query"] == "SELECT 1 AS x WHERE 1 = ?"
    assert ran.document["ExecutionParameters"] == ["1"]
    assert (ran.document["StatementType"], ran.document["SubstatementType"]) == ("DML", "SELECT")
    assert ran.document["QueryExecutionContext"] == {"Database": "shop"}
    assert ran.document["WorkGroup"] == "open"
    assert (
        ran.document["Status"]["CompletionDateTime"] >= ran.document["Status"]["SubmissionDateTime"]
    )


def test_the_same_token_gives_the_same_execution(athena):
    def start(sql, token):
        return athena.client.start_query_execution(
            QueryString=sql, ClientRequestToken=token, WorkGroup="open"
        )["QueryExecutionId"]

    token = str(uuid.uuid4())
    assert start("SELECT 1", token) == start("SELECT 1", token)
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="Idempotent"):
        start("SELECT 2", token)


def test_a_stopped_statement_is_cancelled_and_stays_so(athena):
    slow = "SELECT count(*) FROM UNNEST(sequence(1, 60000)) a(x), UNNEST(sequence(1, 60000)) b(y) WHERE (x * y) % 7 = 3"
    started = athena.client.start_query_execution(QueryString=slow, WorkGroup="open")
    athena.client.stop_query_execution(QueryExecutionId=started["QueryExecutionId"])

    ran = athena.wait(started["QueryExecutionId"])

    assert (ran.state, ran.reason) == ("CANCELLED", "Query cancelled by user")
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="CANCELLED"):
        athena.client.get_query_results(QueryExecutionId=ran.id)


def test_executions_are_listed_by_workgroup_newest_first(athena):
    ids = [athena.run("SELECT 1", workgroup="strict").id for _ in range(3)]

    page = athena.client.list_query_executions(WorkGroup="strict", MaxResults=2)
    batch = athena.client.batch_get_query_execution(QueryExecutionIds=[ids[0], BAD_ID])

    assert page["QueryExecutionIds"] == ids[:0:-1]
    assert page["NextToken"]
    assert [e["QueryExecutionId"] for e in batch["QueryExecutions"]] == [ids[0]]
    assert batch["UnprocessedQueryExecutionIds"][0]["QueryExecutionId"] == BAD_ID


def test_an_enforced_location_wins_over_the_clients(athena):
    wanted = {"OutputLocation": "s3://results/mine/"}

    enforced = athena.run("SELECT 1", workgroup="strict", ResultConfiguration=wanted)
    free = athena.run("SELECT 1", workgroup="open", ResultConfiguration=wanted)

    locations = [r.document["ResultConfiguration"]["OutputLocation"] for r in (enforced, free)]
    assert locations == [
        f"s3://results/strict/{enforced.id}.csv",
        f"s3://results/mine/{free.id}.csv",
    ]


def test_the_scan_limit_of_a_workgroup_cancels(athena, cloud, glue, s3):
    glue.create_table(
        DatabaseName="shop",
        TableInput=hive_table("wide", {"v": "bigint"}, {}, "s3://lake/wide/"),
    )
    incompressible = random.Random(7).randbytes(12_000_000)
    column = pa.Array.from_buffers(pa.int64(), 1_500_000, [None, pa.py_buffer(incompressible)])
    put_parquet(s3, "wide/f.parquet", pa.table({"v": column}))
    cloud.control_plane().create_work_group(
        Name="frugal",
        Configuration={
            "ResultConfiguration": {"OutputLocation": "s3://results/frugal/"},
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )

    cheap, dear = (
        athena.run(sql, workgroup="frugal")
        for sql in ("SELECT 1", "SELECT count(DISTINCT v) FROM wide")
    )

    assert (cheap.state, dear.state) == ("SUCCEEDED", "CANCELLED")
    assert dear.reason == "Bytes scanned limit was exceeded"


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        (
            "get_query_execution",
            {"QueryExecutionId": BAD_ID},
            f"QueryExecution {BAD_ID} was not found",
        ),
        ("get_query_results", {"QueryExecutionId": BAD_ID}, "was not found"),
        ("stop_query_execution", {"QueryExecutionId": BAD_ID}, "was not found"),
        (
            "start_query_execution",
            {"QueryString": "SELECT 1", "WorkGroup": "none"},
            "WorkGroup none is not found",
        ),
        ("start_query_execution", {"QueryString": " ", "WorkGroup": "open"}, "QueryString must be"),
        (
            "start_query_execution",
            {"QueryString": "x" * 262_145, "WorkGroup": "open"},
            "at most 262144",
        ),
        ("start_query_execution", {"QueryString": "SELECT 1"}, "No output location provided"),
        (
            "start_query_execution",
            {
                "QueryString": "SELECT 1",
                "WorkGroup": "open",
                "ResultConfiguration": {"OutputLocation": "results/x"},
            },
            "not a valid S3 path",
        ),
    ],
)
def test_wrong_requests_are_refused_with_their_reason(athena, operation, request_, message):
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match=message):
        getattr(athena.client, operation)(**request_)


def test_results_of_a_failed_statement_are_refused(athena):
    ran = athena.run("SELECT nope")

    with pytest.raises(athena.client.exceptions.InvalidRequestException, match="FAILED"):
        athena.client.get_query_results(QueryExecutionId=ran.id)


def test_other_operations_are_the_emulators(athena):
    names = {group["Name"] for group in athena.client.list_work_groups()["WorkGroups"]}

    assert {"open", "strict"} <= names
    with pytest.raises(ClientError):
        athena.client.get_named_query(NamedQueryId=BAD_ID)
