"""Two feature groups of the drill on a deployed platform, and the ways in which they are harmed."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.layout import ACCOUNT
from tests.drills.oracle import Oracle, Values, event_time
from tests.e2e.conftest import DeployedPlatform
from tests.support.deadlines import eventually

STANDARD, MEMORY = "drill-standard", "drill-memory"
GROUPS = {STANDARD: "Standard", MEMORY: "InMemory"}
RECORDS = 60
_FEATURES = ("id", "at", "value")


def as_record(values: Values) -> list[dict[str, str]]:
    return [{"FeatureName": name, "ValueAsString": text} for name, text in values.items()]


@dataclass
class World:
    """The platform, what it was told, and a clock of growing event times."""

    platform: DeployedPlatform
    oracles: dict[str, Oracle] = field(default_factory=lambda: {g: Oracle() for g in GROUPS})
    _times: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _began: float = field(default_factory=time.time)

    @property
    def runtime(self) -> Any:
        return self.platform.client("sagemaker-featurestore-runtime")

    def next_time(self) -> str:
        return event_time(self._began - 10_000 + next(self._times))

    def create_groups(self) -> None:
        control, bucket = (
            self.platform.client("sagemaker"),
            self.platform.outputs["OfflineBucketName"],
        )
        for name, storage in GROUPS.items():
            control.create_feature_group(
                FeatureGroupName=name,
                RecordIdentifierFeatureName="id",
                EventTimeFeatureName="at",
                FeatureDefinitions=[
                    {"FeatureName": each, "FeatureType": "String"} for each in _FEATURES
                ],
                OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": storage},
                OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{bucket}/drill"}},
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/features",
            )
        for name in GROUPS:
            eventually(lambda name=name: self.status_of(name) == "Created")

    def status_of(self, name: str) -> str:
        described = self.platform.client("sagemaker").describe_feature_group(FeatureGroupName=name)
        return str(described["FeatureGroupStatus"])

    def put(self, group: str, identifier: str, value: str, *, lives: int | None = None) -> None:
        """A put; ``lives`` is its time to live in seconds from now."""
        values = {"id": identifier, "at": self.next_time(), "value": value}
        more, expires = {}, None
        if lives is not None:
            now = int(time.time())
            values["at"], expires = event_time(now), now + lives
            more = {"TtlDuration": {"Unit": "Seconds", "Value": lives}}
        self.runtime.put_record(FeatureGroupName=group, Record=as_record(values), **more)
        self.oracles[group].put(values, expires)

    def put_late(self, group: str, identifier: str) -> None:
        values = {"id": identifier, "at": event_time(self._began - 90_000), "value": "late"}
        self.runtime.put_record(FeatureGroupName=group, Record=as_record(values))
        self.oracles[group].late(values)

    def delete(self, group: str, identifier: str, *, hard: bool = False) -> None:
        at = self.next_time()
        self.runtime.delete_record(
            FeatureGroupName=group,
            RecordIdentifierValueAsString=identifier,
            EventTime=at,
            DeletionMode="HardDelete" if hard else "SoftDelete",
        )
        self.oracles[group].deleted(identifier, at)

    def read(self, group: str, identifier: str) -> Values | None:
        answer = self.runtime.get_record(
            FeatureGroupName=group, RecordIdentifierValueAsString=identifier
        )
        record = answer.get("Record")
        return record and {each["FeatureName"]: each["ValueAsString"] for each in record}

    # --- history ------------------------------------------------------------------------------

    def history(self, group: str) -> list[tuple[str, str]]:
        """Identifier and event time of each row of a group's offline table."""
        described = self.platform.client("sagemaker").describe_feature_group(FeatureGroupName=group)
        catalog = described["OfflineStoreConfig"]["DataCatalogConfig"]
        athena = self.platform.client("athena")
        query = f'SELECT id, at FROM "{catalog["Database"]}"."{catalog["TableName"]}"'
        started = athena.start_query_execution(
            QueryString=query, WorkGroup=self.platform.outputs["WorkGroupName"]
        )["QueryExecutionId"]
        eventually(lambda: self._query_is_done(athena, started))
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        return [(row[0]["VarCharValue"], row[1]["VarCharValue"]) for row in rows[1:]]

    @staticmethod
    def _query_is_done(athena: Any, query_id: str) -> bool:
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        assert status["State"] not in {"FAILED", "CANCELLED"}, status
        return bool(status["State"] == "SUCCEEDED")

    # --- harm ---------------------------------------------------------------------------------

    def stop_offline_writer(self) -> None:
        """Switch its event source off, as an outage would: what is put from now on waits."""
        lambda_ = self.platform.client("lambda")
        (source,) = lambda_.list_event_source_mappings(
            FunctionName=self.platform.outputs["OfflineWriterFunctionName"]
        )["EventSourceMappings"]
        lambda_.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
        eventually(
            lambda: lambda_.get_event_source_mapping(UUID=source["UUID"])["State"] == "Disabled"
        )

    def remove_items(self, table: str, wanted: str, most: int) -> int:
        """Delete items whose partition key begins so, past all of Larder's own rules."""
        dynamodb = self.platform.client("dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=table,
            FilterExpression="begins_with(pk, :wanted)",
            ExpressionAttributeValues={":wanted": {"S": wanted}},
        )
        keys = [{"pk": item["pk"], "sk": item["sk"]} for page in pages for item in page["Items"]][
            :most
        ]
        for key in keys:
            dynamodb.delete_item(TableName=table, Key=key)
        return len(keys)
