"""Leases on DynamoDB and staged rows on S3, as moto serves them."""

from dataclasses import replace

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import AccessForbidden, ServiceUnavailable
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.staged_rows import LONGEST_WAIT, S3StagedRows
from larder.offline.ports import TableRows
from larder.offline.turns import Lease, Placed
from tests.support.groups import feature_group
from tests.support.offline import row
from tests.support.tables import create_registry_table

CUSTOMERS = feature_group()
ORDERS = feature_group("orders")


class Clock:
    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases(clock):
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        create_registry_table(dynamodb, "registry")
        yield DynamoLeases(BotoDynamo(dynamodb), "registry", clock)


@pytest.fixture
def staged(clock):
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="history")
        s3.put_bucket_versioning(Bucket="history", VersioningConfiguration={"Status": "Enabled"})
        yield S3StagedRows(s3, "history", "records", clock)


def test_a_lease_is_one_owners_until_it_is_given_back(leases):
    assert leases.take("u1", "a", seconds=60) == Lease("a")
    assert leases.take("u1", "b", seconds=60) == Lease("a")
    assert leases.take("u2", "b", seconds=60) == Lease("b")
    leases.release("u1", "b", ["theirs"])  # not its own
    assert leases.take("u1", "b", seconds=60) == Lease("a")
    leases.release("u1", "a", None)
    assert leases.take("u1", "b", seconds=60) == Lease("b")


def test_an_owner_whose_answer_was_lost_asks_again(leases, clock):
    assert leases.take("u1", "a", seconds=60).owner == "a"
    clock.now += 50
    assert leases.take("u1", "a", seconds=60).owner == "a"
    clock.now += 50
    assert leases.take("u1", "b", seconds=60).owner == "a"


def test_a_lease_runs_out_and_its_owner_can_not_give_back_the_next_ones(leases, clock):
    assert leases.take("u1", "a", seconds=60).owner == "a"
    clock.now += 61
    assert leases.look(["u1"]) == {"u1": Lease()}
    assert leases.take("u1", "b", seconds=60).owner == "b"
    leases.release("u1", "a", ["theirs"])
    assert leases.take("u1", "c", seconds=60) == Lease("b")


def test_a_lease_names_what_is_committed_to_all_who_ask_or_look(leases):
    leases.take("u1", "a", seconds=60)
    leases.release("u1", "a", ["k1", "k2"])
    assert leases.look(["u1"]) == {"u1": Lease(None, frozenset({"k1", "k2"}))}
    assert leases.take("u1", "b", seconds=60) == Lease("b", frozenset({"k1", "k2"}))
    assert leases.take("u1", "c", seconds=60) == Lease("b", frozenset({"k1", "k2"}))
    leases.release("u1", "b", None)
    assert leases.look(["u1"])["u1"].committed == {"k1", "k2"}
    leases.take("u1", "c", seconds=60)
    leases.release("u1", "c", [])
    assert leases.look(["u1"]) == {"u1": Lease()}


def test_a_lease_names_who_gave_it_back_because_of_a_failure_until_somebody_commits(leases):
    leases.take("u1", "a", seconds=60)
    leases.release("u1", "a", ["k1"])
    leases.take("u1", "b", seconds=60)
    leases.release("u1", "b", None, failed=True)
    assert leases.look(["u1"]) == {"u1": Lease(None, frozenset({"k1"}), "b")}
    assert leases.take("u1", "c", seconds=60) == Lease("c", frozenset({"k1"}), "b")
    leases.release("u1", "c", [], failed=True)
    assert leases.look(["u1"]) == {"u1": Lease(None, frozenset(), "c")}
    leases.take("u1", "d", seconds=60)
    leases.release("u1", "d", None)
    assert leases.look(["u1"]) == {"u1": Lease()}


def test_an_item_that_is_no_lease_is_free(leases):
    item = {"pk": {"S": "C#u1"}, "sk": {"S": "lease"}, "x": {"S": "strange"}}
    leases.dynamodb.call("PutItem", {"TableName": "registry", "Item": item})
    assert leases.look(["u1"]) == {"u1": Lease()}
    assert leases.take("u1", "a", seconds=60) == Lease("a")


def test_one_look_is_at_as_many_leases_as_one_asks_for(leases):
    uids = [f"u{number}" for number in range(230)]
    for uid in uids[::2]:
        leases.take(uid, "a", seconds=60)
    seen = leases.look(uids)
    assert list(seen) == uids
    assert [uid for uid, lease in seen.items() if lease.owner == "a"] == uids[::2]
    assert leases.look([]) == {}


def test_a_lease_that_dynamodb_did_not_come_to_is_not_taken_for_a_free_one():
    class Busy:
        def call(self, operation, request):
            keys = request["RequestItems"]["registry"]["Keys"]
            return {"Responses": {}, "UnprocessedKeys": {"registry": {"Keys": keys[:1]}}}

    assert DynamoLeases(Busy(), "registry").look(["u1", "u2"]) == {"u2": Lease()}


ROWS = [
    row(),
    row('ö\u2028"\\', is_deleted=True, values=('ö\u2028"\\', None, None)),
    row(2**63 - 1, 0.1 + 0.2, values=(2**63 - 1, -0.0, 5e-324, 1e308, [0.5, 1.0], ["a", ""], [])),
]


def test_rows_come_back_as_they_were_staged(staged):
    placed = staged.put([TableRows(CUSTOMERS, ROWS), TableRows(ORDERS, [row("theirs")])])
    batch = staged.read(placed.key)
    found = batch.rows_of(CUSTOMERS.uid)
    assert (found.rows, found.schema_version) == (ROWS, CUSTOMERS.schema_version)
    assert [repr(each) for each in found.rows] == [repr(each) for each in ROWS]
    assert batch.rows_of(ORDERS.uid).rows == [row("theirs")]
    assert batch.rows_of("another") is None


def test_the_oldest_come_first_and_each_folder_has_its_own(staged, clock):
    placed = []
    for number in range(3):
        placed.append(staged.put([TableRows(CUSTOMERS, [row(f"c{number}")])]).key)
        clock.now += 1
    replace(staged, folder="exposures").put([TableRows(CUSTOMERS, [row("theirs")])])
    assert [each.key for each in staged.waiting()] == placed
    sizes = [staged.client.head_object(Bucket="history", Key=key) for key in placed]
    assert [each.size for each in staged.waiting()] == [each["ContentLength"] for each in sizes]


def test_what_nobody_can_wait_for_any_more_is_passed_over(staged, clock):
    staged.put([TableRows(CUSTOMERS, [row("left")])])
    clock.now += LONGEST_WAIT + 1
    placed = staged.put([TableRows(CUSTOMERS, [row("waiting")])])
    assert [each.key for each in staged.waiting()] == [placed.key]


def test_a_removed_batch_waits_no_more_and_no_version_of_it_is_kept(staged, clock):
    placed = []
    for number in range(3):
        placed.append(staged.put([TableRows(CUSTOMERS, [row(f"c{number}")])]))
        clock.now += 1
    staged.remove(placed[0])
    staged.remove(placed[1])
    staged.remove(placed[0])  # twice is once
    assert [each.key for each in staged.waiting()] == [placed[2].key]
    assert staged.read(placed[0].key) is None
    answer = staged.client.list_object_versions(Bucket="history")
    assert len(answer["Versions"]) == 1
    assert "DeleteMarkers" not in answer


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b'{"version": 3, "tables": {}}',
        b'{"version": 2, "tables": []}',
        b'{"version": 2, "tables": {"u": "nonsense"}}',
        b'{"version": 2, "tables": {"u": {}}}',
        b'{"version": 2, "tables": {"u": 1}}',
        b'{"version": 1}',
    ],
)
def test_an_object_of_another_form_is_left_to_whoever_wrote_it(staged, body):
    key = f"staging/records/{1_700_000_000_000_000:020d}-strange.json"
    staged.client.put_object(Bucket="history", Key=key, Body=body)
    found = staged.read(key)
    assert found is None or [found.rows_of(uid) for uid in ("u", "records")] == [None, None]


@pytest.mark.parametrize(("status", "kind"), [(403, AccessForbidden), (503, ServiceUnavailable)])
@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("put_object", lambda staged: staged.put([TableRows(CUSTOMERS, [row()])])),
        ("get_object", lambda staged: staged.read("staging/records/1")),
        ("list_objects_v2", lambda staged: staged.waiting()),
        ("delete_object", lambda staged: staged.remove(Placed("staging/records/1", "v"))),
    ],
)
def test_a_refusal_of_s3_is_an_error_that_writers_know(method, ask, status, kind):
    s3 = boto3.client("s3", region_name="us-east-1")
    with Stubber(s3) as stub:
        stub.add_client_error(method, "Refused", http_status_code=status)
        with pytest.raises(kind):
            ask(S3StagedRows(s3, "history", "records"))
