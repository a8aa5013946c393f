"""Leases on DynamoDB and staged rows on S3, as moto serves them."""

from dataclasses import replace

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import AccessForbidden, ServiceUnavailable
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.staged_rows import S3StagedRows
from tests.support.groups import feature_group
from tests.support.offline import row
from tests.support.tables import create_registry_table

CUSTOMERS = feature_group()


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
        yield S3StagedRows(s3, "history", clock)


def test_a_lease_is_one_owners_until_it_is_given_back(leases):
    assert leases.take("u1", "a", seconds=60)
    assert not leases.take("u1", "b", seconds=60)
    assert leases.take("u2", "b", seconds=60)
    leases.release("u1", "b")  # not its own
    assert not leases.take("u1", "b", seconds=60)
    leases.release("u1", "a")
    assert leases.take("u1", "b", seconds=60)


def test_a_lease_runs_out_and_its_owner_can_not_give_back_the_next_ones(leases, clock):
    assert leases.take("u1", "a", seconds=60)
    clock.now += 61
    assert leases.take("u1", "b", seconds=60)
    leases.release("u1", "a")
    assert not leases.take("u1", "c", seconds=60)


ROWS = [
    row(),
    row('ö\u2028"\\', is_deleted=True, values=('ö\u2028"\\', None, None)),
    row(2**63 - 1, 0.1 + 0.2, values=(2**63 - 1, -0.0, 5e-324, 1e308, [0.5, 1.0], ["a", ""], [])),
]


def test_rows_come_back_as_they_were_staged(staged):
    staged.put(CUSTOMERS, ROWS)
    (found,) = staged.of(CUSTOMERS)
    assert (found.rows, found.schema_version) == (ROWS, CUSTOMERS.schema_version)
    assert [repr(each) for each in found.rows] == [repr(each) for each in ROWS]


def test_the_oldest_come_first_and_each_group_has_its_own(staged, clock):
    for number in range(3):
        staged.put(CUSTOMERS, [row(f"c{number}")])
        clock.now += 1
    staged.put(replace(CUSTOMERS, uid="another"), [row("theirs")])
    found = [each.identifier for staged_rows in staged.of(CUSTOMERS) for each in staged_rows.rows]
    assert found == ["c0", "c1", "c2"]


def test_removed_rows_wait_no_more_and_no_version_of_them_is_kept(staged):
    keys = [staged.put(CUSTOMERS, [row(f"c{number}")]) for number in range(3)]
    keys.sort()
    others = [each.key for each in staged.of(CUSTOMERS)]
    assert all(staged.is_waiting(key) for key in keys)
    staged.remove([keys[0], others[1]])
    assert [staged.is_waiting(key) for key in keys] == [False, False, True]
    staged.remove([keys[0]])  # twice is once
    answer = staged.client.list_object_versions(Bucket="history")
    assert len(answer["Versions"]) == 1
    assert "DeleteMarkers" not in answer


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}", b'{"version": 2, "rows": []}'])
def test_an_object_of_another_form_is_left_to_whoever_wrote_it(staged, body):
    staged.client.put_object(
        Bucket="history", Key=f"staging/{CUSTOMERS.uid}/0-strange.json", Body=body
    )
    staged.put(CUSTOMERS, [row()])
    assert [each.rows for each in staged.of(CUSTOMERS)] == [[row()]]


@pytest.mark.parametrize(("status", "kind"), [(403, AccessForbidden), (503, ServiceUnavailable)])
@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("put_object", lambda staged: staged.put(CUSTOMERS, [row()])),
        ("head_object", lambda staged: staged.is_waiting("staging/u/1 v")),
        ("list_objects_v2", lambda staged: list(staged.of(CUSTOMERS))),
        ("delete_object", lambda staged: staged.remove(["staging/u/1 v"])),
    ],
)
def test_a_refusal_of_s3_is_an_error_that_writers_know(method, ask, status, kind):
    s3 = boto3.client("s3", region_name="us-east-1")
    with Stubber(s3) as stub:
        stub.add_client_error(method, "Refused", http_status_code=status)
        with pytest.raises(kind):
            ask(S3StagedRows(s3, "history"))
