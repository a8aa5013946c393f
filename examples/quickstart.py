"""SageMaker Feature Store's API against Larder, by nothing but boto3.

    eval "$(make -s env)"; .venv/bin/python examples/quickstart.py

The environment names the endpoints (AWS_ENDPOINT_URL_SAGEMAKER,
AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME), the signing overlay (AWS_DATA_PATH), and the
platform's bucket and workgroup. Against a deployed Larder the same variables do the same.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import boto3

T = TypeVar("T")
NAME = f"quickstart-{int(time.time())}"
BUCKET = os.environ.get("LARDER_OFFLINE_BUCKET", "")
WORKGROUP = os.environ.get("LARDER_WORKGROUP", "")
ROLE = "arn:aws:iam::000000000000:role/quickstart"  # SageMaker asks for one; Larder keeps its form

control = boto3.client("sagemaker")
runtime = boto3.client("sagemaker-featurestore-runtime")
athena = boto3.client("athena")


def main() -> None:
    """Create a group, write and read records, delete one, find the history by SQL."""
    create_group()
    for customer, moment, clicks in [
        ("ada", "2024-05-01T08:00:00Z", 3),
        ("bob", "2024-05-01T08:30:00Z", 5),
        ("ada", "2024-05-01T09:00:00Z", 7),
        ("ada", "2024-05-01T08:45:00Z", 6),  # late: it becomes history, and does not go online
    ]:
        put(customer, moment, clicks)
    print("ada is served     ", get("ada"))
    print("both in one call  ", batch_get("ada", "bob"))
    runtime.delete_record(
        FeatureGroupName=NAME,
        RecordIdentifierValueAsString="bob",
        EventTime="2024-05-01T10:00:00Z",
    )
    print("bob, deleted      ", get("bob"))
    print("history, by SQL:")
    for row in history(rows=5):
        print("   ", row)
    control.delete_feature_group(FeatureGroupName=NAME)
    print(f"{NAME} is being deleted; its history stays in S3")


def create_group() -> None:
    """Create the group and wait until it takes records."""
    control.create_feature_group(
        FeatureGroupName=NAME,
        RecordIdentifierFeatureName="customer",
        EventTimeFeatureName="moment",
        FeatureDefinitions=[
            {"FeatureName": "customer", "FeatureType": "String"},
            {"FeatureName": "moment", "FeatureType": "String"},
            {"FeatureName": "clicks", "FeatureType": "Integral"},
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/offline"},
            "TableFormat": "Iceberg",
        },
        RoleArn=ROLE,
    )
    status = wait_for(
        "the group",
        lambda: describe()["FeatureGroupStatus"],
        lambda found: found != "Creating",
    )
    print(f"{NAME} is {status}")


def describe() -> dict[str, Any]:
    """The group's description."""
    return dict(control.describe_feature_group(FeatureGroupName=NAME))


def put(customer: str, moment: str, clicks: int) -> None:
    """Put one record."""
    values = {"customer": customer, "moment": moment, "clicks": str(clicks)}
    record = [{"FeatureName": name, "ValueAsString": text} for name, text in values.items()]
    runtime.put_record(FeatureGroupName=NAME, Record=record)


def get(customer: str) -> dict[str, str] | None:
    """One record by feature name, or None."""
    answer = runtime.get_record(FeatureGroupName=NAME, RecordIdentifierValueAsString=customer)
    return as_dict(answer["Record"]) if "Record" in answer else None


def batch_get(*customers: str) -> dict[str, dict[str, str]]:
    """Several records in one call, by identifier."""
    wanted = {"FeatureGroupName": NAME, "RecordIdentifiersValueAsString": list(customers)}
    answer = runtime.batch_get_record(Identifiers=[wanted])
    return {
        each["RecordIdentifierValueAsString"]: as_dict(each["Record"]) for each in answer["Records"]
    }


def as_dict(record: list[Any]) -> dict[str, str]:
    """A record's features by name."""
    return {each["FeatureName"]: each["ValueAsString"] for each in record}


def history(rows: int) -> list[dict[str, str]]:
    """Every version that was accepted, once the offline store shows all of them."""
    table = describe()["OfflineStoreConfig"]["DataCatalogConfig"]
    sql = f"""SELECT customer, moment, clicks, is_deleted
              FROM "{table["Database"]}"."{table["TableName"]}" ORDER BY moment"""
    return wait_for("the offline store", lambda: query(sql), lambda found: len(found) == rows)


def query(sql: str) -> list[dict[str, str]]:
    """Run a query on Athena; rows as dictionaries."""
    started = athena.start_query_execution(QueryString=sql, WorkGroup=WORKGROUP)
    execution = started["QueryExecutionId"]
    status = wait_for(
        "Athena",
        lambda: athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"],
        lambda found: found["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"},
    )
    if status["State"] != "SUCCEEDED":
        sys.exit(f"the query {status['State']}: {status.get('StateChangeReason')}")
    rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    head, *body = [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]
    return [dict(zip(head, row, strict=True)) for row in body]


def wait_for(what: str, look: Callable[[], T], done: Callable[[T], bool]) -> T:
    """Look every half second until done, three minutes at most."""
    deadline = time.monotonic() + 180
    while not done(found := look()):
        if time.monotonic() > deadline:
            sys.exit(f"{what} was not ready in three minutes; last seen: {found}")
        time.sleep(0.5)
    return found


if __name__ == "__main__":
    if not (BUCKET and WORKGROUP):
        sys.exit('LARDER_OFFLINE_BUCKET and LARDER_WORKGROUP are not set: eval "$(make -s env)"')
    main()
