"""Feature metadata in the registry table, beside the identity of the group it belongs to.

U#<uid>  f#<feature>  ``doc``, ``revision``; ``kind`` and ``name`` put it into the index
                      under a kind of its own
I#noted  <place>      one entry for each feature that has metadata, by the time of its
                      change; ``uid`` and ``feature`` say whose
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson

from larder.aws.dynamodb.api import DynamoApi
from larder.errors import ResourceInUse
from larder.groups.adapters.dynamodb_index import key_item, partition, places_between, read_keys
from larder.groups.adapters.dynamodb_transaction import delete_each, put_each, transact
from larder.groups.listing import EVERY_PLACE, Bounds
from larder.groups.metadata import FeatureMetadata

Item = dict[str, Any]
_INDEX = "groups"
_KIND = "feature"
_ORDER = "noted"
_FEATURES = "f#"
_CONDITION = "revision = :before OR doc = :doc OR (attribute_not_exists(pk) AND :before = :none)"


class DynamoFeatureMetadata:
    """See ``FeatureMetadataStore``; raises ``ThrottlingException``, ``ServiceUnavailable`` too."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def get(self, uid: str, feature: str) -> FeatureMetadata | None:
        request = {"TableName": self._table, "Key": _key(uid, feature), "ConsistentRead": True}
        item = self._dynamodb.call("GetItem", request).get("Item")
        return _from_item(item) if item else None

    def of_groups(self, uids: Collection[str]) -> Mapping[str, Mapping[str, FeatureMetadata]]:
        requests = [self._all_of(uid) for uid in uids]
        found: dict[str, dict[str, FeatureMetadata]] = {}
        for uid, answer in zip(uids, self._dynamodb.call_all("Query", requests), strict=True):
            if isinstance(answer, Exception):
                raise answer
            written = map(_from_item, [*answer["Items"], *self._rest_of(uid, answer)])
            found[uid] = {metadata.feature: metadata for metadata in written}
        return found

    def replace(self, metadata: FeatureMetadata) -> None:
        item = _to_item(metadata)
        values = {
            ":before": {"N": str(metadata.revision - 1)},
            ":doc": item["doc"],  # stored by an earlier try whose answer was lost
            ":none": {"N": "0"},
        }
        put = {"Item": item, "ConditionExpression": _CONDITION, "ExpressionAttributeValues": values}
        actions: list[Item] = [{"Put": put}, {"Put": {"Item": _entry(metadata)}}]
        before = self.get(metadata.uid, metadata.feature)
        if before is not None and before.place != metadata.place:
            actions.append({"Delete": {"Key": _entry_key(before)}})
        if not transact(self._dynamodb, self._table, *actions):
            raise ResourceInUse(
                f"The metadata of feature {metadata.feature} were changed by somebody else "
                "meanwhile; try again."
            )

    def walk(
        self, bounds: Bounds, *, descending: bool, batch: int = 100
    ) -> Iterator[tuple[str, FeatureMetadata]]:
        for entries in places_between(
            self._dynamodb, self._table, _ORDER, bounds, descending=descending, batch=batch
        ):
            keys = [_key(item["uid"]["S"], item["feature"]["S"]) for _, item in entries]
            items = read_keys(self._dynamodb, self._table, keys)
            stored = {each.place: each for each in map(_from_item, items)}
            yield from ((place, stored[place]) for place, _ in entries if place in stored)

    def forget(self, uid: str) -> None:
        """Take the features of a group that is gone out of ``walk``; what is written stays."""
        noted = self.of_groups([uid])[uid].values()
        delete_each(self._dynamodb, self._table, [_entry_key(each) for each in noted])

    def repair(self, living: Collection[str]) -> int:
        """Bring what ``walk`` reads up to the metadata of the groups of those uids; how many."""
        wanted = {each.place: each for each in self.list() if each.uid in living}
        stored = {
            place: item
            for entries in places_between(
                self._dynamodb, self._table, _ORDER, EVERY_PLACE, descending=False, batch=1000
            )
            for place, item in entries
        }
        new = [_entry(wanted[place]) for place in wanted.keys() - stored.keys()]
        put_each(self._dynamodb, self._table, new)
        gone = [stored[place] for place in stored.keys() - wanted.keys()]
        stale = [item for item in gone if not self._is_current(item, living)]
        delete_each(self._dynamodb, self._table, [_key_of(item) for item in stale])
        return len(new) + len(stale)

    def _is_current(self, entry: Item, living: Collection[str]) -> bool:
        """Whether an entry that the listing did not account for is right all the same."""
        uid = entry["uid"]["S"]
        metadata = self.get(uid, entry["feature"]["S"])
        return uid in living and metadata is not None and metadata.place == entry["sk"]["S"]

    def list(self) -> Iterator[FeatureMetadata]:
        request: Item = {
            "TableName": self._table,
            "IndexName": _INDEX,
            "KeyConditionExpression": "kind = :kind",
            "ExpressionAttributeValues": {":kind": {"S": _KIND}},
        }
        while True:
            answer = self._dynamodb.call("Query", request)
            yield from map(_from_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _all_of(self, uid: str) -> Item:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :features)",
            "ExpressionAttributeValues": {
                ":pk": {"S": f"U#{uid}"},
                ":features": {"S": _FEATURES},
            },
            "ConsistentRead": True,
        }

    def _rest_of(self, uid: str, answer: Item) -> Iterator[Item]:
        while "LastEvaluatedKey" in answer:
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
            answer = self._dynamodb.call("Query", self._all_of(uid) | more)
            yield from answer["Items"]


def _key(uid: str, feature: str) -> Item:
    return {"pk": {"S": f"U#{uid}"}, "sk": {"S": f"{_FEATURES}{feature}"}}


def _entry_key(metadata: FeatureMetadata) -> Item:
    return key_item((partition(_ORDER), metadata.place))


def _key_of(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}


def _entry(metadata: FeatureMetadata) -> Item:
    return {
        **_entry_key(metadata),
        "uid": {"S": metadata.uid},
        "feature": {"S": metadata.feature},
    }


def _to_item(metadata: FeatureMetadata) -> Item:
    document = {
        "uid": metadata.uid,
        "feature": metadata.feature,
        "description": metadata.description,
        "parameters": [list(pair) for pair in metadata.parameters],
        "modified": metadata.modified,
        "revision": metadata.revision,
    }
    return {
        **_key(metadata.uid, metadata.feature),
        "kind": {"S": _KIND},
        "name": {"S": f"{metadata.uid}/{metadata.feature}"},
        "revision": {"N": str(metadata.revision)},
        "doc": {"S": orjson.dumps(document).decode()},
    }


def _from_item(item: Mapping[str, Any]) -> FeatureMetadata:
    document = orjson.loads(item["doc"]["S"])
    parameters = tuple((key, value) for key, value in document.pop("parameters"))
    return FeatureMetadata(**document, parameters=parameters)
