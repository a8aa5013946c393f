"""Recovery of the online store's tables, with the credentials of this process."""

from __future__ import annotations

from collections.abc import Callable

import boto3

from larder.recovery.adapters.dynamodb import DynamoItems, DynamoTables
from larder.recovery.restore import Restoration
from larder.wiring.offline import OperatorSettings


def open_restoration(settings: OperatorSettings, report: Callable[[str], None]) -> Restoration:
    """The restoration of the tables that the settings name; ``report`` hears of its steps."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")

    def write(key: str, body: bytes) -> None:
        s3.put_object(Bucket=settings.offline_bucket, Key=key, Body=body)

    return Restoration(
        tables=DynamoTables(dynamodb), items=DynamoItems(dynamodb), write=write, report=report
    )
