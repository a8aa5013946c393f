"""DynamoDB as the data plane needs it: one call, which boto3 and the lean client both make.

Requests and responses are DynamoDB's own JSON members. A binary value is ``bytes`` in a request; in
a response it is ``bytes`` or base64 text, as the client found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from larder.aws.retries import Attempt
from larder.errors import ServiceUnavailable, ThrottlingException

Item = dict[str, Any]
CONDITION_FAILED = "ConditionalCheckFailedException"
CANCELLED = "TransactionCanceledException"
THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
UNAVAILABLE = frozenset({"InternalServerError", "ServiceUnavailable", "InternalFailure"})


class ConditionFailed(Exception):
    """A write's condition did not hold; ``item`` is the stored item, if there is one."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


class TransactionCancelled(Exception):
    """None of a transaction's actions was done; ``codes`` says why, action by action."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(f"a transaction was cancelled: {', '.join(codes)}")
        self.codes = tuple(codes)


Refusal = ConditionFailed | ThrottlingException | ServiceUnavailable
"""What becomes of one of several calls that are made together, and may be repeated."""


class DynamoApi(Protocol):
    """DynamoDB's low-level operations by name; every write that goes through can be repeated."""

    def call(self, operation: str, request: Item, attempt: Attempt | None = None) -> Item:
        """The response to ``operation`` (``"GetItem"``); ``attempt`` bounds its repetitions.

        Raises:
            ConditionFailed: the write's condition did not hold.
            TransactionCancelled: a condition of the transaction did not hold, or there was a
                conflict with another one.
            ThrottlingException: DynamoDB refused every try for load.
            ServiceUnavailable: DynamoDB failed or did not respond, however often it was tried.
        """

    def call_all(self, operation: str, requests: Sequence[Item]) -> list[Item | Refusal]:
        """The answer to each of several calls, which are made side by side, or its refusal."""


def throttled() -> ThrottlingException:
    """The error for a refusal for load."""
    return ThrottlingException(
        "DynamoDB refused the request for load; nothing was changed, try again."
    )


def failed() -> ServiceUnavailable:
    """The error for a failure that DynamoDB reports."""
    return ServiceUnavailable(
        "DynamoDB failed; a write may or may not have taken effect, try again."
    )


def late() -> ServiceUnavailable:
    """The call's deadline had passed before DynamoDB was asked."""
    return ServiceUnavailable(
        "The call's time was up before DynamoDB was asked; nothing was changed, try again."
    )


def silent() -> ServiceUnavailable:
    """The error for no response."""
    return ServiceUnavailable(
        "DynamoDB did not answer in time; a write may or may not have taken effect, try again."
    )
