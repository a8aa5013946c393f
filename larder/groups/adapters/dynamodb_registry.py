"""The registry on DynamoDB (``larder.groups.adapters.dynamodb_item`` has the layout)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from larder.aws.dynamodb.api import DynamoApi
from larder.errors import ResourceInUse, ResourceNotFound
from larder.groups.adapters.dynamodb_index import (
    COMPLETE,
    Key,
    entry_item,
    entry_keys,
    key_item,
    partition,
    places_between,
    read_keys,
)
from larder.groups.adapters.dynamodb_item import (
    KIND,
    Item,
    carrying,
    from_item,
    name_key,
    to_item,
    uid_key,
)
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_transaction import delete_each, transact
from larder.groups.feature_group import FeatureGroup
from larder.groups.listing import EVERY_PLACE, Bounds, GroupOrder, Named, any_name, narrowed
from larder.groups.taken_name import name_is_taken
from larder.telemetry.newer import Unread, readable, warn_of

_INDEX = "groups"
_ABSENT = "attribute_not_exists(pk)"
_UNCHANGED = "uid = :uid AND revision = :revision"
_BATCH = 100
"""Groups that one request may read."""
_ENTRIES = 1000
"""Entries read at once where most groups are passed over by their names."""
_MOST_ENTRIES = 80
"""Entries that one transaction changes, of the hundred items it may."""


class DynamoRegistry(DynamoGroups):
    """Feature groups in the registry table; reads are strongly consistent, but ``list``'s.

    Every method raises what the port names. It raises ``ThrottlingException`` where DynamoDB
    refused for load or for a concurrent change, and ``ServiceUnavailable`` where it did not answer.
    """

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        super().__init__(dynamodb, table_name)
        self._complete = False

    def create(self, group: FeatureGroup) -> None:
        known = {**uid_key(group.uid), "name": {"S": group.name}}
        entries = [self._put_entry(key, group.name) for key in entry_keys(group)]
        if not self._transact(self._put_new(to_item(group)), self._put_new(known), *entries):
            raise name_is_taken(group.name)

    def replace(self, group: FeatureGroup) -> FeatureGroup:
        changed = replace(group, revision=group.revision + 1)
        stored = self._item(name_key(group.name))
        before = from_item(stored) if stored else None
        if stored and before and (before.uid, before.revision) == (group.uid, group.revision):
            put = {
                "Item": carrying(stored, to_item(changed)),
                "ConditionExpression": _UNCHANGED,
                "ExpressionAttributeValues": _identity(group),
            }
            if self._transact({"Put": put}, *self._entry_changes(before, changed)):
                return changed
            before = self.get(group.name)
        if before == changed:
            return changed  # by an earlier try, whose answer was lost
        if before is None or before.uid != group.uid:
            raise ResourceNotFound(f"FeatureGroup {group.name} is gone.")
        raise ResourceInUse(
            f"FeatureGroup {group.name} was changed by somebody else meanwhile; try again."
        )

    def remove(self, group: FeatureGroup) -> None:
        keys = entry_keys(group)
        rest = [key_item(key) for key in keys[_MOST_ENTRIES:]]
        delete_each(self._dynamodb, self._table, rest)
        stored = self._item(name_key(group.name))
        item = to_item(group)
        if stored is not None and stored["uid"] == item["uid"]:
            item = carrying(stored, item)
        delete = {
            "Key": name_key(group.name),
            "ConditionExpression": "uid = :uid",
            "ExpressionAttributeValues": {":uid": item["uid"]},
        }
        known = {**uid_key(group.uid), "name": item["name"], "doc": item["doc"]}
        entries = [{"Delete": {"Key": key_item(key)}} for key in keys[:_MOST_ENTRIES]]
        self._transact({"Delete": delete}, {"Put": {"Item": known}}, *entries)
        DynamoFeatureMetadata(self._dynamodb, self._table).forget(group.uid)

    def list(self, unread: Unread = warn_of) -> Iterator[FeatureGroup]:
        return readable(self._items(), from_item, unread)

    def _items(self) -> Iterator[Item]:
        request: Item = {
            "TableName": self._table,
            "IndexName": _INDEX,
            "KeyConditionExpression": "kind = :kind",
            "ExpressionAttributeValues": {":kind": {"S": KIND}},
        }
        while True:
            answer = self._dynamodb.call("Query", request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def by_names(self, names: Collection[str]) -> dict[str, FeatureGroup]:
        keys = [name_key(name) for name in names]
        groups = readable(read_keys(self._dynamodb, self._table, keys), from_item)
        return {group.name: group for group in groups}

    def by_uids(self, uids: Collection[str]) -> dict[str, FeatureGroup]:
        items = read_keys(self._dynamodb, self._table, [uid_key(uid) for uid in uids])
        names = {item["name"]["S"] for item in items}
        return {each.uid: each for each in self.by_names(names).values() if each.uid in uids}

    def count(self) -> int:
        if not self._is_complete():
            return sum(1 for _ in self._items())
        request: Item = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition(GroupOrder.NAME)}},
            "ConsistentRead": True,
            "Select": "COUNT",
        }
        count = 0
        while True:
            answer = self._dynamodb.call("Query", request)
            count += int(answer["Count"])
            if "LastEvaluatedKey" not in answer:
                return count
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def walk(
        self,
        by: GroupOrder,
        *,
        descending: bool = False,
        after: str | None = None,
        bounds: Bounds = EVERY_PLACE,
        named: Named = any_name,
        batch: int = 100,
    ) -> Iterator[tuple[str, FeatureGroup]]:
        bounds = narrowed(bounds, after, descending=descending)
        if not self._is_complete():
            yield from self._sorted(by, bounds, after, named, descending=descending)
            return
        limit = batch if named is any_name else _ENTRIES
        for entries in places_between(
            self._dynamodb, self._table, by, bounds, descending=descending, batch=limit
        ):
            found = [(place, item["name"]["S"]) for place, item in entries if place != after]
            found = [each for each in found if named(each[1])]
            for start in range(0, len(found), _BATCH):
                part = found[start : start + _BATCH]
                groups = self.by_names({name for _, name in part})
                for place, name in part:
                    group = groups.get(name)
                    if group is not None and place in by.places(group):
                        yield place, group

    def repair(self, *, remaining: Callable[[], float], once: bool = False) -> int:
        if once and self._is_complete():
            return 0
        items = list(self._items())
        groups = {group.name: group for group in readable(items, from_item)}
        unread = {item["name"]["S"] for item in items} - groups.keys()  # theirs are left alone
        wanted = {key: group.name for group in groups.values() for key in entry_keys(group)}
        stored = dict(self._all_entries())
        names = {wanted.get(key) or stored[key] for key in wanted.keys() ^ stored.keys()} - unread
        for repaired, name in enumerate(sorted(names)):
            if remaining() <= 0:
                return repaired
            self._settle(name, {key for key in stored if stored[key] == name})
        if not self._is_complete():
            self._dynamodb.call("PutItem", {"TableName": self._table, "Item": COMPLETE})
        living = {item["uid"]["S"] for item in items}
        return len(names) + DynamoFeatureMetadata(self._dynamodb, self._table).repair(living)

    def _sorted(
        self, by: GroupOrder, bounds: Bounds, after: str | None, named: Named, *, descending: bool
    ) -> Iterator[tuple[str, FeatureGroup]]:
        """What ``walk`` gives, of all groups: the way of a registry without entries."""
        groups = (group for group in self.list() if named(group.name))
        found = [(place, group) for group in groups for place in by.places(group)]
        for place, group in sorted(found, key=lambda each: each[0], reverse=descending):
            if bounds[0] <= place <= bounds[1] and place != after:
                yield place, group

    def _settle(self, name: str, stored: set[Key]) -> None:
        """Give a group the entries it should have; if it changes meanwhile, the next run does."""
        group = self.get(name)
        condition: Item = {"Key": name_key(name), "ConditionExpression": _ABSENT}
        if group is not None:
            condition["ConditionExpression"] = _UNCHANGED
            condition["ExpressionAttributeValues"] = _identity(group)
        keys = set(entry_keys(group)) if group is not None else set()
        changes = [self._put_entry(key, name) for key in sorted(keys - stored)]
        changes += [{"Delete": {"Key": key_item(key)}} for key in sorted(stored - keys)]
        for start in range(0, len(changes), _MOST_ENTRIES):
            part = changes[start : start + _MOST_ENTRIES]
            if not self._transact({"ConditionCheck": condition}, *part):
                return

    def _all_entries(self) -> Iterator[tuple[Key, str]]:
        for order in GroupOrder:
            for entries in places_between(
                self._dynamodb, self._table, order, EVERY_PLACE, descending=False, batch=1000
            ):
                yield from (
                    ((partition(order), place), item["name"]["S"]) for place, item in entries
                )

    def _is_complete(self) -> bool:
        """Whether every group has its entries; once they are complete they stay so."""
        if not self._complete:
            self._complete = self._item(COMPLETE) is not None
        return self._complete

    def _entry_changes(self, before: FeatureGroup, after: FeatureGroup) -> Iterable[Item]:
        old, new = entry_keys(before), entry_keys(after)
        yield from (self._put_entry(key, after.name) for key in new if key not in old)
        yield from ({"Delete": {"Key": key_item(key)}} for key in old if key not in new)

    def _transact(self, *actions: Item) -> bool:
        return transact(self._dynamodb, self._table, *actions)

    @staticmethod
    def _put_entry(key: Key, name: str) -> Item:
        return {"Put": {"Item": entry_item(key, name)}}

    @staticmethod
    def _put_new(item: Item) -> Item:
        return {"Put": {"Item": item, "ConditionExpression": _ABSENT}}


def _identity(group: FeatureGroup) -> Item:
    return {":uid": {"S": group.uid}, ":revision": {"N": str(group.revision)}}
