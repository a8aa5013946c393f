"""The in-memory tier as it is deployed: written through, read from, repaired from the stream."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import DeployedPlatform
from tests.e2e.valkey_probe import ask, number
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
HOT, COLD = "tier-hot", "tier-cold"
TYPES = {"customer_id": "String", "event_time": "String", "clicks": "Integral"}
TIME = "2026-11-01T00:00:00Z"


@pytest.fixture(scope="module")
def runtime(platform: DeployedPlatform) -> Iterator[Any]:
    """A client of the data plane; a group of the tier and one of no tier are there."""
    control = platform.client("sagemaker")
    for name, storage in ((HOT, "InMemory"), (COLD, "Standard")):
        control.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName="customer_id",
            EventTimeFeatureName="event_time",
            FeatureDefinitions=[
                {"FeatureName": feature, "FeatureType": kind} for feature, kind in TYPES.items()
            ],
            OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": storage},
        )
    yield platform.client("sagemaker-featurestore-runtime")
    for name in (HOT, COLD):
        control.delete_feature_group(FeatureGroupName=name)


def values(identifier: str, clicks: str) -> list[dict[str, str]]:
    texts = {"customer_id": identifier, "event_time": TIME, "clicks": clicks}
    return [{"FeatureName": name, "ValueAsString": text} for name, text in texts.items()]


def key_of(platform: DeployedPlatform, identifier: str) -> str | None:
    """Valkey's key of a record, whatever its group; None where there is no entry."""
    answer = ask(platform.platform.ports["valkey"], f"KEYS r:*:r{identifier}").split(b"\r\n")
    return answer[2].decode() if len(answer) > 2 else None


def item_of(platform: DeployedPlatform, identifier: str) -> dict[str, Any]:
    """DynamoDB's item of a record."""
    pages = platform.client("dynamodb").get_paginator("scan")
    found = pages.paginate(
        TableName=platform.outputs["RecordsTableName"],
        FilterExpression="sk = :sk",
        ExpressionAttributeValues={":sk": {"S": f"r{identifier}"}},
    )
    (item,) = (item for page in found for item in page["Items"])
    return dict(item)


def test_the_outputs_name_the_platforms_own_valkey(platform: DeployedPlatform) -> None:
    assert platform.outputs["CacheAddress"] == "127.0.0.1"
    assert platform.outputs["CachePort"] == str(platform.platform.ports["valkey"])


def test_an_accepted_write_stands_in_valkey_for_five_minutes_at_most(
    platform: DeployedPlatform, runtime: Any
) -> None:
    runtime.put_record(FeatureGroupName=HOT, Record=values("written", "1"))
    key = eventually(lambda: key_of(platform, "written"))
    assert 0 < number(platform.platform.ports["valkey"], f"PTTL {key}") <= 300_000
    assert item_of(platform, "written")["m"] == {"N": "1"}


def test_a_read_is_answered_from_valkey(platform: DeployedPlatform, runtime: Any) -> None:
    runtime.put_record(FeatureGroupName=HOT, Record=values("read", "2"))
    eventually(lambda: key_of(platform, "read"))
    item = item_of(platform, "read")
    platform.client("dynamodb").delete_item(
        TableName=platform.outputs["RecordsTableName"], Key={"pk": item["pk"], "sk": item["sk"]}
    )
    answer = runtime.get_record(FeatureGroupName=HOT, RecordIdentifierValueAsString="read")
    assert answer["Record"] == values("read", "2")


def test_the_projector_puts_back_what_the_stream_says(
    platform: DeployedPlatform, runtime: Any
) -> None:
    runtime.put_record(FeatureGroupName=HOT, Record=values("repaired", "3"))
    key = eventually(lambda: key_of(platform, "repaired"))
    item = item_of(platform, "repaired")

    def repaired() -> bool:
        # Again, since the projector may have been about to put the first write's entry there.
        assert number(platform.platform.ports["valkey"], f"DEL {key}") in (0, 1)
        item["probe"] = {"N": str(int(item.get("probe", {"N": "0"})["N"]) + 1)}
        dynamodb.put_item(TableName=platform.outputs["RecordsTableName"], Item=item)
        return bool(eventually(lambda: key_of(platform, "repaired")))

    dynamodb = platform.client("dynamodb")
    assert repaired()
    assert repaired()


def test_a_record_of_another_tier_has_no_entry(platform: DeployedPlatform, runtime: Any) -> None:
    runtime.put_record(FeatureGroupName=COLD, Record=values("cold", "4"))
    runtime.put_record(FeatureGroupName=HOT, Record=values("after-cold", "4"))
    eventually(lambda: key_of(platform, "after-cold"))
    assert key_of(platform, "cold") is None
    assert "m" not in item_of(platform, "cold")
    answer = runtime.get_record(FeatureGroupName=COLD, RecordIdentifierValueAsString="cold")
    assert answer["Record"] == values("cold", "4")
