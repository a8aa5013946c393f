"""The runner of queries, described groups, and the hash of contents."""

from datetime import UTC, datetime

import boto3
import numpy as np
import pyarrow as pa
import pytest
from botocore.stub import ANY, Stubber

from larder.backoff import Backoff
from larder.errors import AccessForbidden, ServiceUnavailable, ValidationError
from larder.groups.api.answers import described
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.feature_table import FeatureTable
from larder.offline.queries import QueryFailed
from larder.progress import silent
from larder.training_sets.adapters.content_hash import ContentHash
from larder.training_sets.adapters.described_groups import DescribedGroups, table_of
from tests.support.groups import feature_group

START = {
    "QueryString": "SELECT 1",
    "ClientRequestToken": ANY,
    "QueryExecutionContext": {"Database": "larder_dev"},
    "WorkGroup": "larder",
}


def execution(state, **more):
    status = {"State": state} | more
    statistics = {"DataScannedInBytes": 42, "TotalExecutionTimeInMillis": 1500}
    return {"QueryExecution": {"Status": status, "Statistics": statistics}}


class Athena:
    """A runner over stubbed answers; the stub fails a test that asks for anything else."""

    def __init__(self):
        client = boto3.client("athena")
        self.stub = Stubber(client)
        self.stub.activate()
        self.pauses = []
        backoff = Backoff(longest=2.0, sleep=self.pauses.append, jitter=lambda: 1.0)
        self.runner = AthenaQueries(client, "larder", "larder_dev", backoff)

    def started(self):
        self.stub.add_response("start_query_execution", {"QueryExecutionId": "q1"}, START)
        return self

    def found(self, *states, **more):
        for state in states:
            self.stub.add_response(
                "get_query_execution", execution(state, **more), {"QueryExecutionId": "q1"}
            )
        return self

    def stopped(self):
        self.stub.add_response("stop_query_execution", {}, {"QueryExecutionId": "q1"})
        return self

    def run(self, report=silent):
        done = self.runner.run("SELECT 1", report)
        self.stub.assert_no_pending_responses()
        return done


def test_a_query_is_watched_to_its_end():
    athena, heard = Athena().started().found("QUEUED", "RUNNING", "SUCCEEDED"), []
    done = athena.run(heard.append)
    assert (done.execution_id, done.seconds, done.bytes_scanned) == ("q1", 1.5, 42)
    assert [(each.state, each.bytes) for each in heard] == [
        ("QUEUED", 42),
        ("RUNNING", 42),
        ("SUCCEEDED", 42),
    ]
    assert athena.pauses == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_query_that_ends_otherwise_gives_athenas_reason(state):
    athena = Athena().started().found(state, StateChangeReason="SYNTAX_ERROR: line 1:8")
    with pytest.raises(QueryFailed, match=f"query q1 {state}: SYNTAX_ERROR: line 1:8"):
        athena.run()


def test_whoever_interrupts_the_wait_cancels_the_query():
    athena = Athena().started().found("RUNNING").stopped()

    def interrupt(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        athena.run(interrupt)
    athena.stub.assert_no_pending_responses()


def test_a_query_that_can_not_be_cancelled_is_named():
    athena = Athena().started().found("RUNNING")
    athena.stub.add_client_error("stop_query_execution", "InternalServerException")

    def interrupt(_progress):
        raise KeyboardInterrupt

    with pytest.raises(
        ServiceUnavailable, match="query q1 may still run and cost; stop it by hand"
    ):
        athena.run(interrupt)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", AccessForbidden),
        ("InvalidRequestException", ValidationError),
        ("InternalServerException", ServiceUnavailable),
    ],
)
def test_refusals_of_athena_are_told_apart(code, kind):
    athena = Athena()
    athena.stub.add_client_error("start_query_execution", code, "WorkGroup is not found.")
    with pytest.raises(kind, match="WorkGroup is not found"):
        athena.run()


def answer(group):
    """DescribeFeatureGroup's answer as boto3 gives it."""
    members = described(group)
    return members | {"CreationTime": datetime.fromtimestamp(members["CreationTime"], UTC)}


def test_a_described_group_is_the_table_of_the_group():
    group = feature_group()
    assert table_of(answer(group)) == FeatureTable.of(group)


def test_groups_without_history_unready_or_unknown_are_refused():
    client = boto3.client("sagemaker")
    with Stubber(client) as stub:
        groups = DescribedGroups(client)
        for changes in ({"offline": None}, {"status": feature_group().status.DELETING}):
            members = answer(feature_group(**changes))
            stub.add_response("describe_feature_group", members | {"NextToken": "-"})
            with pytest.raises(ValidationError, match=r"no offline store|is Deleting, not Created"):
                groups.get("customers")
        stub.add_client_error("describe_feature_group", "ResourceNotFound")
        summary = {
            "FeatureGroupName": "customers",
            "FeatureGroupArn": feature_group().arn,
            "CreationTime": datetime(2024, 1, 1, tzinfo=UTC),
        }
        listed = {"FeatureGroupSummaries": [summary], "NextToken": "-"}
        stub.add_response("list_feature_groups", listed)
        with pytest.raises(ValidationError, match="no feature group 'custmers'; did you mean cust"):
            groups.get("custmers")


TABLE = pa.table(
    {
        "larder_row": pa.array([0, 1, 2, 3], pa.int64()),
        "n": pa.array([1, None, 0, -1], pa.int64()),
        "x": pa.array([0.5, float("nan"), None, -0.0]),
        "s": ["a", "", None, "ä"],
        "tags": [["a"], [], None, ["a", None]],
    }
)


def hashed(*tables):
    content = ContentHash()
    for table in tables:
        for batch in table.combine_chunks().to_batches():
            content.add(batch)
    return content


def test_the_hash_does_not_depend_on_order_files_widths_or_column_order():
    same = [
        hashed(TABLE.take([3, 1, 0, 2])),
        hashed(TABLE.slice(2), TABLE.slice(0, 2)),
        hashed(TABLE.select(["tags", "s", "x", "n", "larder_row"])),
        hashed(TABLE.set_column(1, "n", TABLE["n"].cast(pa.int8()))),
    ]
    assert {each.value for each in same} == {hashed(TABLE).value}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("n", pa.array([1, 0, None, -1])),
        ("n", pa.array([None, 1, 0, -1])),
        ("x", pa.array([0.5, None, float("nan"), -0.0])),
        ("s", pa.array(["a", None, "", "ä"])),
        ("tags", pa.array([["a"], None, [], ["a", None]])),
        ("tags", pa.array([["a"], [], None, ["a", ""]])),
    ],
)
def test_any_other_value_or_place_of_a_value_changes_the_hash_and_names_the_column(column, values):
    other = TABLE.set_column(TABLE.column_names.index(column), column, values)
    before, after = hashed(TABLE), hashed(other)
    assert before.value != after.value
    assert {c for c in before.columns if before.columns[c] != after.columns[c]} == {column}


def test_a_row_that_is_missing_or_double_changes_the_hash():
    assert hashed(TABLE.slice(1)).value != hashed(TABLE).value
    assert hashed(TABLE, TABLE.slice(3)).value != hashed(TABLE).value


def test_no_two_of_many_tables_collide():
    rows = pa.array(np.arange(50), pa.int64())
    found = {
        hashed(pa.table({"larder_row": rows, "n": pa.array(np.roll(np.arange(50), shift))})).value
        for shift in range(50)
    }
    assert len(found) == 50
