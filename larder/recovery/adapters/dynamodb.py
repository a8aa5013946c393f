"""DynamoDB's point-in-time recovery, and what restored tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from larder.aws.dynamodb.binary import as_event
from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.dynamodb.errors import translated_errors
from larder.aws.refusals import refusal
from larder.errors import ResourceNotFound, ValidationError
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.recovery.restore import Item, Window

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import StreamSpecificationTypeDef, TableDescriptionTypeDef

_STREAM: StreamSpecificationTypeDef = {
    "StreamEnabled": True,
    "StreamViewType": "NEW_AND_OLD_IMAGES",
}


@dataclass(frozen=True, slots=True)
class DynamoTables:
    """Implements ``larder.recovery.restore.RestorableTables``."""

    client: DynamoDBClient

    def window(self, table: str) -> Window:
        if not self.exists(table):
            raise ResourceNotFound(
                f"there is no table {table}. Of a deleted table DynamoDB keeps a backup for 35 "
                "days: restore that under the name that docs/restore.md gives, by `aws dynamodb "
                "restore-table-from-backup`, and run this again"
            )
        with _explained():
            found = self.client.describe_continuous_backups(TableName=table)
        recovery = found["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            raise ValidationError(f"point-in-time recovery of table {table} is not switched on")
        earliest, latest = (
            recovery["EarliestRestorableDateTime"],
            recovery["LatestRestorableDateTime"],
        )
        return Window(earliest.timestamp(), latest.timestamp())

    def exists(self, table: str) -> bool:
        return self._described(table) is not None

    def begin(self, source: str, target: str, moment: int) -> None:
        with _explained():
            self.client.restore_table_to_point_in_time(
                SourceTableName=source,
                TargetTableName=target,
                RestoreDateTime=datetime.fromtimestamp(moment, UTC),
            )

    def is_ready(self, table: str) -> bool:
        found = self._described(table)
        indexes = found.get("GlobalSecondaryIndexes", ()) if found else ()
        return (
            found is not None
            and found.get("TableStatus") == "ACTIVE"
            and all(each.get("IndexStatus") == "ACTIVE" for each in indexes)
        )

    def settle(self, source: str, target: str) -> str:
        # each change needs the table to be active again
        for step in (self._stream, self._lifetime, self._recovery, self._protection):
            step(source, target)
        found = self._described(target)
        if found is None:
            raise ResourceNotFound(f"the restored table {target} is gone")
        return found["LatestStreamArn"]

    def _stream(self, _source: str, target: str) -> None:
        found = self._described(target)
        if found is None or "LatestStreamArn" not in found:
            with _explained():
                self.client.update_table(TableName=target, StreamSpecification=_STREAM)
            self._wait(target)

    def _lifetime(self, source: str, target: str) -> None:
        attribute = self._lifetime_of(source)
        if attribute is None or self._lifetime_of(target) is not None:
            return
        with _explained():
            self.client.update_time_to_live(
                TableName=target,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
            )

    def _lifetime_of(self, table: str) -> str | None:
        if not self.exists(table):
            return None
        with _explained():
            found = self.client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        on = found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
        return found.get("AttributeName") if on else None

    def _recovery(self, _source: str, target: str) -> None:
        with _explained():
            self.client.update_continuous_backups(
                TableName=target,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )

    def _protection(self, source: str, target: str) -> None:
        found = self._described(source)
        protected = found is None or bool(found.get("DeletionProtectionEnabled"))
        if protected:
            with _explained():
                self.client.update_table(TableName=target, DeletionProtectionEnabled=True)
            self._wait(target)

    def _wait(self, table: str) -> None:
        self.client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 2})

    def _described(self, table: str) -> TableDescriptionTypeDef | None:
        try:
            with _explained():
                return self.client.describe_table(TableName=table)["Table"]
        except ResourceNotFound:
            return None


@dataclass(frozen=True, slots=True)
class DynamoItems:
    """Implements ``larder.recovery.restore.RestoredItems``."""

    client: DynamoDBClient

    def watermark(self, registry: str) -> int | None:
        return DynamoBeatStore(BotoDynamo(self.client), registry).load().watermark

    def accepted_since(self, records: str, micros: int) -> Iterator[Item]:
        pages = self.client.get_paginator("scan").paginate(
            TableName=records,
            FilterExpression="w > :since",
            ExpressionAttributeValues={":since": {"N": str(micros)}},
            ConsistentRead=True,
        )
        with _explained():
            for page in pages:
                for item in page["Items"]:
                    yield as_event(item)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what DynamoDB refuses as an error of Larder's, with DynamoDB's own words."""
    try:
        with translated_errors():
            yield
    except ClientError as error:
        meanings = {
            "ResourceNotFoundException": ResourceNotFound,
            "TableNotFoundException": ResourceNotFound,
        }
        raise refusal("DynamoDB", error, meanings) from error
