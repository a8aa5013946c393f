"""Removal of a deleted group's records: Query and BatchWriteItem over its shards, never a Scan.

It can stop between any two requests and begin again: what is gone is not found again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from larder.aws.dynamodb.errors import translated_errors
from larder.backoff import Backoff
from larder.errors import AccessForbidden
from larder.groups.feature_group import FeatureGroup
from larder.offline.ports import Remaining
from larder.records.adapters.dynamodb_item import log_partition, record_partition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_BATCH = 25
_BACKOFF = Backoff(first=0.05)


@dataclass(frozen=True, slots=True)
class DynamoPurge:
    """Implements ``larder.lifecycle.advance.RecordPurge`` on the records table."""

    client: DynamoDBClient
    table_name: str
    backoff: Backoff = _BACKOFF

    def purge(self, group: FeatureGroup, *, remaining: Remaining) -> bool:
        """Delete in batches, again and again what DynamoDB left unprocessed."""
        try:
            with translated_errors():
                return all(
                    self._delete(keys, remaining)
                    for partition in _partitions(group)
                    for keys in self._batches(partition)
                )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "AccessDeniedException":
                raise
            raise AccessForbidden(f"the records table refused the purge: {error}") from error

    def _batches(self, partition: str) -> Iterator[Sequence[dict[str, Any]]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table_name,
            KeyConditionExpression="pk = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
        )
        for page in pages:
            keys = page["Items"]
            for start in range(0, len(keys), _BATCH):
                yield keys[start : start + _BATCH]

    def _delete(self, keys: Sequence[dict[str, Any]], remaining: Remaining) -> bool:
        requests: Any = {self.table_name: [{"DeleteRequest": {"Key": key}} for key in keys]}

        def send_rest() -> bool:
            nonlocal requests
            answer = self.client.batch_write_item(RequestItems=requests)
            requests = answer.get("UnprocessedItems")
            return not requests

        return remaining() > 0 and self.backoff.until(send_rest, remaining=remaining)


def _partitions(group: FeatureGroup) -> Iterator[str]:
    records = (record_partition(group.uid, shard) for shard in range(group.shards))
    logs = (log_partition(group.uid, shard) for shard in range(group.shards))
    return chain(records, logs)
