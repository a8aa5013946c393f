"""The log of model packages in the registry table, and the counter of versions.

M#log#<log>   <microseconds>#<version>#<revision>   an entry; its document is ``doc``
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from larder.aws.dynamodb.api import DynamoApi
from larder.formats import MEMBER, Format
from larder.models.adapters.dynamodb_package_item import count_key, token_key
from larder.models.package_log import Change, LogEntry

FORMAT: Final = Format("model-log")
Attributes = dict[str, Any]


def entry_item(entry: LogEntry) -> Attributes:
    """The attributes of an entry."""
    document = {"by": entry.by, "changes": entry.changes}
    place = f"{entry.at:020d}#{entry.version:09d}#{entry.revision:09d}"
    return {
        "pk": _log_key(entry.log),
        "sk": {"S": place},
        "doc": {"S": orjson.dumps(document).decode()},
    }


def entry_of(attributes: Attributes) -> LogEntry:
    """The entry of its attributes.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    at, version, revision = attributes["sk"]["S"].split("#")
    log = attributes["pk"]["S"].removeprefix("M#log#")
    document = orjson.loads(attributes["doc"]["S"])
    FORMAT.check(f"an entry of the log {log}", document.get(MEMBER))
    changes = tuple(
        Change(each["what"], each["before"], each["after"], each["reason"])
        for each in document["changes"]
    )
    return LogEntry(
        log=log,
        at=int(at),
        by=document["by"],
        version=int(version),
        revision=int(revision),
        changes=changes,
    )


class DynamoLog:
    """Implements ``larder.models.package_log.LogReader`` in the registry table."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def read(self, log: str, until: int | None = None) -> Iterator[LogEntry]:
        values = {":pk": _log_key(log)}
        condition = "pk = :pk"
        if until is not None:
            condition += " AND sk < :end"
            values[":end"] = {"S": f"{until + 1:020d}"}
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        while True:
            answer = self._dynamodb.call("Query", request)
            yield from map(entry_of, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


class DynamoVersions:
    """Implements ``larder.models.registry.Versions`` in the registry table.

    A request that the client repeats takes another number, so versions may have gaps.
    """

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table = table_name

    def next(self, group: str) -> int:
        request = {
            "TableName": self._table,
            "Key": count_key(group),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "UPDATED_NEW",
        }
        return int(self._dynamodb.call("UpdateItem", request)["Attributes"]["n"]["N"])

    def by_token(self, token: str) -> str | None:
        request = {"TableName": self._table, "Key": token_key(token), "ConsistentRead": True}
        found = self._dynamodb.call("GetItem", request).get("Item")
        return str(found["name"]["S"]) if found else None


def _log_key(log: str) -> Attributes:
    return {"S": f"M#log#{log}"}
