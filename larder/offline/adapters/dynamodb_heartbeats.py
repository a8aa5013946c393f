"""Heartbeats on DynamoDB: the records table's stream, and what the registry knows of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi
from larder.aws.dynamodb.errors import translated_errors
from larder.errors import ResourceInUse
from larder.offline.adapters.dynamodb_heartbeat_item import (
    BEATS_KEY,
    beat_item,
    beats_item,
    beats_of,
    carrying,
    is_beat,
    key_of,
    passed_key,
)
from larder.offline.watermark import Beats, Heartbeat

StreamsClient = Any  # boto3's stubs of this service are not among the development packages
_PASSING = frozenset({"ExpiredIteratorException", "TrimmedDataAccessException"})


@dataclass(frozen=True, slots=True)
class DynamoBeatStore:
    """Implements ``larder.offline.heartbeats.BeatStore``, and the offline writer's notes."""

    dynamodb: DynamoApi
    registry_table: str
    records_table: str = ""

    def write(self, beat: Heartbeat) -> None:
        request = {"TableName": self.records_table, "Item": beat_item(beat)}
        self.dynamodb.call("PutItem", request)

    def load(self) -> Beats:
        item = self._get(BEATS_KEY)
        return Beats({}) if item is None else beats_of(item)

    def save(self, beats: Beats) -> None:
        item = beats_item(replace(beats, revision=beats.revision + 1))
        if (stored := self._get(BEATS_KEY)) is not None:
            item = carrying(stored, item)
        try:
            self.dynamodb.call(
                "PutItem",
                {
                    "TableName": self.registry_table,
                    "Item": item,
                    "ConditionExpression": "attribute_not_exists(pk) OR revision = :revision",
                    "ExpressionAttributeValues": {":revision": {"N": str(beats.revision)}},
                },
            )
        except ConditionFailed as error:
            raise ResourceInUse("another round of heartbeats was sent meanwhile") from error

    def passed(self, keys: Iterable[str]) -> Mapping[str, int]:
        found = {}
        for key in keys:
            item = self._get(passed_key(key))
            if item is not None:
                found[key] = int(item["t"]["N"])
        return found

    def note(self, beat: Heartbeat) -> None:
        """Note that the offline writer has met a heartbeat and all that went before it."""
        time = {"N": str(beat.time)}
        request = {"TableName": self.registry_table, "Item": {**passed_key(beat.key), "t": time}}
        condition = {
            "ConditionExpression": "attribute_not_exists(t) OR t < :t",
            "ExpressionAttributeValues": {":t": time},
        }
        try:
            self.dynamodb.call("PutItem", request | condition)
        except ConditionFailed:
            return  # a later one has been met: this is a repetition

    def _get(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        request = {"TableName": self.registry_table, "Key": key, "ConsistentRead": True}
        return self.dynamodb.call("GetItem", request).get("Item")


@dataclass(slots=True)
class DynamoTails:
    """Implements ``larder.offline.heartbeats.ShardTails``; ``iterators`` is changed by reading."""

    client: StreamsClient
    iterators: dict[str, str] = field(default_factory=dict)

    def read(self) -> Mapping[str, Collection[str]]:
        return {shard: self._read(shard) for shard in list(self.iterators)}

    def _read(self, shard: str) -> Collection[str]:
        try:
            with translated_errors():
                answer = self.client.get_records(ShardIterator=self.iterators[shard])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _PASSING:
                raise
            del self.iterators[shard]
            return ()
        following = answer.get("NextShardIterator")
        if following:
            self.iterators[shard] = following
        else:  # it was closed
            del self.iterators[shard]
        keys = [record["dynamodb"]["Keys"] for record in answer["Records"]]
        return [key_of(each) for each in keys if is_beat(each)]


@dataclass(frozen=True, slots=True)
class DynamoRecordsStream:
    """Implements ``larder.offline.heartbeats.RecordsStream``."""

    client: StreamsClient
    stream_arn: str

    def open_shards(self) -> frozenset[str]:
        found: set[str] = set()
        request: dict[str, Any] = {"StreamArn": self.stream_arn}
        while True:
            with translated_errors():
                stream = self.client.describe_stream(**request)["StreamDescription"]
            for shard in stream["Shards"]:
                if "EndingSequenceNumber" not in shard["SequenceNumberRange"]:
                    found.add(shard["ShardId"])
            if "LastEvaluatedShardId" not in stream:
                return frozenset(found)
            request["ExclusiveStartShardId"] = stream["LastEvaluatedShardId"]

    def tails(self, shards: Collection[str]) -> DynamoTails:
        tails = DynamoTails(self.client)
        for shard in shards:
            with translated_errors():
                tails.iterators[shard] = self.client.get_shard_iterator(
                    StreamArn=self.stream_arn, ShardId=shard, ShardIteratorType="LATEST"
                )["ShardIterator"]
        return tails
