"""The registry of models on DynamoDB (``larder.models.adapters.dynamodb_item`` has the layout)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast

from larder.aws.dynamodb.api import ConditionFailed, DynamoApi
from larder.errors import ResourceInUse
from larder.groups.adapters.dynamodb_transaction import transact
from larder.models.adapters.dynamodb_item import from_item, item_key, partition_key, to_item
from larder.models.adapters.dynamodb_log import DynamoLog, DynamoVersions, entry_item
from larder.models.adapters.dynamodb_package_item import token_key
from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.package_log import LogEntry
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Endpoint, EndpointConfig, Item, Kind, Model
from larder.telemetry.newer import Unread, readable, warn_of

Entry = TypeVar("Entry", bound=Item)
Actions = list[dict[str, Any]]


class DynamoItems(Generic[Entry]):
    """Implements ``larder.models.registry.Items`` in the registry table.

    A write may be repeated by the client after its answer was lost: so a condition that fails is no
    refusal where the item is stored as it should be.
    """

    def __init__(self, dynamodb: DynamoApi, table_name: str, kind: Kind) -> None:
        self.kind = kind
        self._dynamodb = dynamodb
        self._table = table_name

    def get(self, name: str) -> Entry | None:
        found = self._stored(name)
        return self._read(found) if found else None

    def create(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> None:
        if not self._put(item, {"ConditionExpression": "attribute_not_exists(pk)"}, entries):
            raise ResourceInUse(f"The name {item.name} is taken.")

    def replace(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> Entry:
        changed = replace(item, revision=item.revision + 1)
        stored = self._stored(item.name)
        condition = {
            "ConditionExpression": "uid = :uid AND revision = :revision",
            "ExpressionAttributeValues": {
                ":uid": {"S": item.uid},
                ":revision": {"N": str(item.revision)},
            },
        }
        if not self._put(changed, condition, entries, stored):
            raise ResourceInUse(f"{item.name} was changed or removed by somebody else.")
        return changed

    def remove(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> None:
        delete = {
            "Key": item_key(self.kind, item.name),
            "ConditionExpression": "uid = :uid",
            "ExpressionAttributeValues": {":uid": {"S": item.uid}},
        }
        tokens = [{"Delete": {"Key": token_key(token)}} for token in _token_of(item)]
        # where the condition fails, it is gone, or another item bears the name by now
        self._write("Delete", delete, [*tokens, *_puts(map(entry_item, entries))])

    def list(self, under: str = "", unread: Unread = warn_of) -> Iterator[Entry]:
        return readable(self._listed(under), self._read, unread)

    def _listed(self, under: str) -> Iterator[dict[str, Any]]:
        condition, values = "pk = :pk", {":pk": partition_key(self.kind)}
        if under:
            condition += " AND begins_with(sk, :under)"
            values[":under"] = {"S": under.lower()}
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        while True:
            answer = self._dynamodb.call("Query", request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _put(
        self,
        item: Entry,
        condition: dict[str, Any],
        entries: tuple[LogEntry, ...],
        stored: dict[str, Any] | None = None,
    ) -> bool:
        more = _puts(map(entry_item, entries))
        if item.revision == 1:
            unused = {"ConditionExpression": "attribute_not_exists(pk)"}
            more += [
                {"Put": {"Item": {**token_key(token), "name": {"S": item.name}}, **unused}}
                for token in _token_of(item)
            ]
        put = {"Item": self._written(item, stored), **condition}
        return self._write("Put", put, more) or self.get(item.name) == item

    def _write(self, kind: str, action: dict[str, Any], more: Actions) -> bool:
        """One action, and others that take effect with it; whether the conditions held."""
        if more:
            return transact(self._dynamodb, self._table, {kind: action}, *more)
        try:
            self._dynamodb.call(f"{kind}Item", {"TableName": self._table, **action})
        except ConditionFailed:
            return False
        return True

    def _stored(self, name: str) -> dict[str, Any] | None:
        request = {
            "TableName": self._table,
            "Key": item_key(self.kind, name),
            "ConsistentRead": True,
        }
        return self._dynamodb.call("GetItem", request).get("Item")

    def _written(self, item: Entry, stored: dict[str, Any] | None) -> dict[str, Any]:
        return to_item(self.kind, item, stored)

    def _read(self, attributes: dict[str, Any]) -> Entry:
        return cast("Entry", from_item(self.kind, attributes))


def _token_of(item: Item) -> tuple[str, ...]:
    token = item.token if isinstance(item, ModelPackage) else ""
    return (token,) if token else ()


def _puts(items: Iterable[dict[str, Any]]) -> Actions:
    return [{"Put": {"Item": each}} for each in items]


def dynamo_model_registry(dynamodb: DynamoApi, table_name: str) -> ModelRegistry:
    """The registry of that table."""
    return ModelRegistry(
        models=DynamoItems[Model](dynamodb, table_name, Kind.MODEL),
        configs=DynamoItems[EndpointConfig](dynamodb, table_name, Kind.ENDPOINT_CONFIG),
        endpoints=DynamoItems[Endpoint](dynamodb, table_name, Kind.ENDPOINT),
        groups=DynamoItems[PackageGroup](dynamodb, table_name, Kind.PACKAGE_GROUP),
        packages=DynamoItems[ModelPackage](dynamodb, table_name, Kind.PACKAGE),
        versions=DynamoVersions(dynamodb, table_name),
        log=DynamoLog(dynamodb, table_name),
    )
