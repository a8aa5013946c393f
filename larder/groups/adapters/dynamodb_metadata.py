"""Feature metadata in the registry table, beside the identity of the group it belongs to.

U#<uid>  f#<feature>  ``doc``, ``revision``; ``kind`` and ``name`` put it into the index
                      under a kind of its own
I#noted  <place>      one entry for each feature that has metadata, by the time of its
                      change; ``uid`` and ``feature`` say whose
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

import orjson

from larder.aws.dynamodb.api import DynamoApi
from larder.errors import ResourceInUse
from larder.formats import MEMBER, Format, carried, known_members
from larder.groups.adapters.dynamodb_index import key_item, partition, places_between, read_keys
from larder.groups.adapters.dynamodb_transaction import delete_each, put_each, transact
from larder.groups.listing import EVERY_PLACE, Bounds
from larder.groups.metadata import FeatureMetadata
from larder.telemetry.newer import readable

Item = dict[str, Any]
_FORMAT = Format("feature-metadata")
_INDEX = "groups"
_KIND = "feature"
_ORDER = "noted"
_MEMBERS = frozenset(each.name for each in fields(FeatureMetadata))
_FEATURES = "f#"
_CONDITION = "revision = :before OR doc = :doc OR (attribute_not_exists(pk) AND :before = :none)"


class DynamoFeatureMetadata:
    """See ``FeatureMetadataStore``; raises ``ThrottlingException``, ``ServiceUnavailable`` too."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def get(self, uid: str, feature: str) -> FeatureMetadata | None:
        item = self._item(uid, feature)
        return _from_item(item) if item else None

    def _item(self, uid: str, feature: str) -> Item | None:
        request = {"TableName": self._table, "Key": _key(uid, feature), "ConsistentRead": True}
        return self._dynamodb.call("GetItem", request).get("Item")

    def of_groups(self, uids: Collection[str]) -> Mapping[str, Mapping[str, FeatureMetadata]]:
        requests = [self._all_of(uid) for uid in uids]
        found: dict[str, dict[str, FeatureMetadata]] = {}
        for uid, answer in zip(uids, self._dynamodb.call_all("Query", requests), strict=True):
            if isinstance(answer, Exception):
                raise answer
            written = readable([*answer["Items"], *self._rest_of(uid, answer)], _from_item)
            found[uid] = {metadata.feature: metadata for metadata in written}
        return found

    def replace(self, metadata: FeatureMetadata) -> None:
        stored = self._item(metadata.uid, metadata.feature)
        before = _from_item(stored) if stored else None
        item = _carrying(stored, _to_item(metadata)) if stored else _to_item(metadata)
        values = {
            ":before": {"N": str(metadata.revision - 1)},
            ":doc": item["doc"],  # stored by an earlier try whose answer was lost
            ":none": {"N": "0"},
        }
        put = {"Item": item, "ConditionExpression": _CONDITION, "ExpressionAttributeValues": values}
        actions: list[Item] = [{"Put": put}, {"Put": {"Item": _entry(metadata)}}]
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
            stored = {each.place: each for each in readable(items, _from_item)}
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
            yield from readable(answer["Items"], _from_item)
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
    feature = f"the metadata of feature {document.get('feature')} of group {document.get('uid')}"
    _FORMAT.check(feature, document.get(MEMBER))
    parameters = tuple((pair[0], pair[1]) for pair in document["parameters"])
    known = known_members(FeatureMetadata, document) | {"parameters": parameters}
    return FeatureMetadata(**known)


def _carrying(before: Item, item: Item) -> Item:
    """An item to be written, with what the stored one has that this release does not know."""
    document = carried(orjson.loads(before["doc"]["S"]), orjson.loads(item["doc"]["S"]), _MEMBERS)
    known = frozenset(item)
    return {**carried(before, item, known), "doc": {"S": orjson.dumps(document).decode()}}
