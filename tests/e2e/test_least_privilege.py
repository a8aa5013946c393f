"""What the runtime function's role may do: its own work on two tables, and nothing else.

The calls are made with credentials of the role itself, against policies that are evaluated.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Credentials, DeployedPlatform

pytestmark = pytest.mark.e2e
KEY = {"pk": {"S": "least-privilege"}, "sk": {"S": "test"}}
Call = Callable[[Callable[[str], Any], dict[str, str]], Any]

FORBIDDEN: dict[str, Call] = {
    "scan the records": lambda c, o: c("dynamodb").scan(TableName=o["RecordsTableName"]),
    "delete a record for good": lambda c, o: c("dynamodb").delete_item(
        TableName=o["RecordsTableName"], Key=KEY
    ),
    "delete the records table": lambda c, o: c("dynamodb").delete_table(
        TableName=o["RecordsTableName"]
    ),
    "write to the registry": lambda c, o: c("dynamodb").put_item(
        TableName=o["RegistryTableName"], Item=KEY
    ),
    "list the registry": lambda c, o: c("dynamodb").scan(TableName=o["RegistryTableName"]),
    "list tables": lambda c, _: c("dynamodb").list_tables(),
    "switch off recovery": lambda c, o: c("dynamodb").update_continuous_backups(
        TableName=o["RecordsTableName"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    ),
    "read the offline store": lambda c, o: c("s3").get_object(
        Bucket=o["OfflineBucketName"], Key="offline/x"
    ),
    "write the offline store": lambda c, o: c("s3").put_object(
        Bucket=o["OfflineBucketName"], Key="offline/x", Body=b""
    ),
    "list the offline store": lambda c, o: c("s3").list_objects_v2(Bucket=o["OfflineBucketName"]),
    "read the catalog": lambda c, o: c("glue").get_tables(DatabaseName=o["DatabaseName"]),
    "invoke another function": lambda c, o: c("lambda").invoke(
        FunctionName=o["ControlFunctionName"], Payload=b"{}"
    ),
    "change its own code": lambda c, o: c("lambda").update_function_configuration(
        FunctionName=o["RuntimeFunctionName"], MemorySize=128
    ),
    "look at roles": lambda c, _: c("iam").list_roles(),
    "look at stacks": lambda c, _: c("cloudformation").describe_stacks(),
    "make a key": lambda c, _: c("kms").create_key(),
    "make a bucket": lambda c, _: c("s3").create_bucket(Bucket="least-privilege-test"),
}


@pytest.fixture(scope="module")
def role(platform: DeployedPlatform) -> Credentials:
    return platform.credentials_of("RuntimeFunctionName")


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_the_runtime_role_may_not(platform: DeployedPlatform, role: Credentials, deed: str) -> None:
    with pytest.raises(ClientError) as refused:
        FORBIDDEN[deed](lambda service: platform.client(service, role), platform.outputs)
    assert "AccessDenied" in refused.value.response["Error"]["Code"]


def test_the_runtime_role_does_its_own_work(platform: DeployedPlatform, role: Credentials) -> None:
    dynamodb = platform.client("dynamodb", role)
    records, registry = platform.outputs["RecordsTableName"], platform.outputs["RegistryTableName"]
    assert "Item" not in dynamodb.get_item(TableName=registry, Key=KEY)
    assert "Item" not in dynamodb.get_item(TableName=records, Key=KEY)
    found = dynamodb.batch_get_item(RequestItems={records: {"Keys": [KEY]}})
    assert found["Responses"] == {records: []}
    listed = dynamodb.query(
        TableName=records,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": KEY["pk"]},
    )
    assert listed["Items"] == []
    # A condition that can't hold: writing is allowed, and nothing is left for the stream.
    for write in (
        lambda: dynamodb.put_item(
            TableName=records, Item=KEY, ConditionExpression="attribute_exists(pk)"
        ),
        lambda: dynamodb.update_item(
            TableName=records, Key=KEY, ConditionExpression="attribute_exists(pk)"
        ),
    ):
        with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
            write()


def test_the_offline_writers_role_may_spill_a_failed_batch_and_not_touch_the_records(
    platform: DeployedPlatform,
) -> None:
    writer, bucket = platform.credentials_of("OfflineWriterFunctionName"), "OfflineBucketName"
    s3, key = platform.client("s3", writer), "aws/lambda/least-privilege-test"
    s3.put_object(Bucket=platform.outputs[bucket], Key=key, Body=b'{"payload": {"Records": []}}')
    platform.client("s3").delete_object(Bucket=platform.outputs[bucket], Key=key)
    with pytest.raises(ClientError) as refused:
        platform.client("dynamodb", writer).delete_item(
            TableName=platform.outputs["RecordsTableName"], Key=KEY
        )
    assert "AccessDenied" in refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    "output",
    [
        "HeartbeatFunctionName",
        "LifecycleFunctionName",
        "MaintenanceFunctionName",
        "OfflineWriterFunctionName",
    ],
)
def test_a_scheduled_function_does_its_work_with_its_own_rights(
    platform: DeployedPlatform, output: str
) -> None:
    """S10: readers lost rights on the key; whoever calls these functions does the same work."""
    answer = platform.client("lambda").invoke(
        FunctionName=platform.outputs[output], Payload=b"{}", LogType="Tail"
    )
    told = answer["Payload"].read().decode()
    assert "FunctionError" not in answer, told
    assert "AccessDenied" not in told
    assert "not authorized" not in told


@pytest.mark.parametrize(
    ("output", "allowed"),
    [
        ("MaintenanceFunctionName", False),
        ("MemoryProjectorFunctionName", False),
        ("OfflineWriterFunctionName", True),
    ],
)
def test_only_who_writes_may_make_data_keys_and_no_one_may_re_encrypt(
    platform: DeployedPlatform, output: str, allowed: bool
) -> None:
    """S10, by the role's own policies as they are deployed."""
    iam, lambda_ = platform.client("iam"), platform.client("lambda")
    role = lambda_.get_function_configuration(FunctionName=platform.outputs[output])["Role"]
    name = role.rpartition("/")[2]
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    text = str(documents)
    assert "kms:Decrypt" in text
    assert "ReEncrypt" not in text
    through_dynamodb = [
        statement
        for document in documents
        for statement in document["Statement"]
        if "dynamodb." in str(statement.get("Condition"))
    ]
    assert ("kms:Encrypt" in str(through_dynamodb)) is allowed
