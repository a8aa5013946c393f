"""Changes of several items of the registry table that take effect together or not at all."""

from __future__ import annotations

from larder.aws.dynamodb.api import DynamoApi, Item, TransactionCancelled
from larder.errors import ThrottlingException

_BUSY = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"})
_CONDITION = "ConditionalCheckFailed"


def transact(dynamodb: DynamoApi, table: str, *actions: Item) -> bool:
    """Do all actions (``{"Put": …}``, ``{"Delete": …}``) on the table; whether conditions held.

    Where one did not, nothing was changed.

    Raises:
        ThrottlingException: DynamoDB refused for load, or for another change under way.
        TransactionCancelled: DynamoDB refused an action for another reason.
    """
    items = [
        {kind: {"TableName": table, **action} for kind, action in each.items()} for each in actions
    ]
    try:
        dynamodb.call("TransactWriteItems", {"TransactItems": items})
    except TransactionCancelled as error:
        if _BUSY & set(error.codes):
            raise ThrottlingException(
                "DynamoDB refused the change for load or for another one under way; nothing was "
                "changed, try again."
            ) from error
        if set(error.codes) <= {"None", _CONDITION}:
            return False
        raise
    return True


def delete_each(dynamodb: DynamoApi, table: str, keys: list[Item]) -> None:
    """Delete the items of those keys side by side; raises what became of the first that failed."""
    _each(dynamodb, "DeleteItem", [{"TableName": table, "Key": key} for key in keys])


def put_each(dynamodb: DynamoApi, table: str, items: list[Item]) -> None:
    """Put the items side by side; raises as ``delete_each``."""
    _each(dynamodb, "PutItem", [{"TableName": table, "Item": item} for item in items])


def _each(dynamodb: DynamoApi, operation: str, requests: list[Item]) -> None:
    for result in dynamodb.call_all(operation, requests):
        if isinstance(result, Exception):
            raise result
