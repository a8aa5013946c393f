"""The registry on DynamoDB (``larder.groups.adapters.dynamodb_item`` has the layout)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from larder.aws.dynamodb.api import CONDITION_FAILED, THROTTLES
from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.dynamodb.errors import translated_errors
from larder.errors import ResourceInUse, ResourceNotFound, ThrottlingException
from larder.groups.adapters.dynamodb_item import (
    KIND,
    Item,
    from_item,
    name_key,
    to_item,
    uid_key,
)
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.feature_group import FeatureGroup
from larder.groups.taken_name import name_is_taken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INDEX = "groups"
_BUSY = THROTTLES | {"ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"}
_ABSENT = "attribute_not_exists(pk)"


class DynamoRegistry(DynamoGroups):
    """Feature groups in the registry table; reads are strongly consistent, but ``list``'s.

    Beside what the port names, every method raises ``ThrottlingException`` where DynamoDB refused
    for load or for a concurrent change, and ``ServiceUnavailable`` where it did not answer.
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        super().__init__(BotoDynamo(client), table_name)
        self._client = client

    def create(self, group: FeatureGroup) -> None:
        """See the port."""
        known = {**uid_key(group.uid), "name": {"S": group.name}}
        if not self._transact(
            {"Put": {"Item": to_item(group), "ConditionExpression": _ABSENT}},
            {"Put": {"Item": known, "ConditionExpression": _ABSENT}},
        ):
            raise name_is_taken(group.name)

    def replace(self, group: FeatureGroup) -> FeatureGroup:
        """See the port."""
        changed = replace(group, revision=group.revision + 1)
        try:
            with translated_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(changed),
                    ConditionExpression="uid = :uid AND revision = :revision",
                    ExpressionAttributeValues={
                        ":uid": {"S": group.uid},
                        ":revision": {"N": str(group.revision)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if _stored(error).get("doc") == to_item(changed)["doc"]:
                return changed  # by an earlier try, whose answer was lost
            raise self._refusal(error, group) from error
        return changed

    def remove(self, group: FeatureGroup) -> None:
        """See the port."""
        item = to_item(group)
        self._transact(
            {
                "Delete": {
                    "Key": name_key(group.name),
                    "ConditionExpression": "uid = :uid",
                    "ExpressionAttributeValues": {":uid": item["uid"]},
                }
            },
            {"Put": {"Item": {**uid_key(group.uid), "name": item["name"], "doc": item["doc"]}}},
        )

    def list(self) -> Iterator[FeatureGroup]:
        """See the port."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=_INDEX,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": KIND}},
        )
        with translated_errors():
            for page in pages:
                yield from (from_item(item) for item in page["Items"])

    def _transact(self, *actions: dict[str, dict[str, Any]]) -> bool:
        """Do all actions or none; whether their conditions held."""
        items = [
            {kind: {"TableName": self._table, **action} for kind, action in each.items()}
            for each in actions
        ]
        try:
            with translated_errors():
                self._client.transact_write_items(TransactItems=items)  # type: ignore[arg-type]
        except self._client.exceptions.TransactionCanceledException as error:
            codes = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if codes & _BUSY:
                raise _busy() from error
            if codes <= {"None", "ConditionalCheckFailed"}:
                return False
            raise
        return True

    @staticmethod
    def _refusal(error: ClientError, group: FeatureGroup) -> Exception:
        code = error.response["Error"]["Code"]
        if code != CONDITION_FAILED:
            return error
        if _stored(error).get("uid") != {"S": group.uid}:
            return ResourceNotFound(f"FeatureGroup {group.name} is gone.")
        return ResourceInUse(
            f"FeatureGroup {group.name} was changed by somebody else meanwhile; try again."
        )


def _stored(error: ClientError) -> Item:
    """The item that a failed condition was checked against."""
    item: Item = error.response.get("Item", {})  # type: ignore[assignment]
    return item


def _busy() -> ThrottlingException:
    return ThrottlingException(
        "DynamoDB refused the change for load or for another one under way; nothing was changed, "
        "try again."
    )
