"""DynamoDB as the data plane needs it: one call, which boto3 and the lean client both make.

Requests and responses are DynamoDB's own JSON members. A binary value is ``bytes`` in a request; in
a response it is ``bytes`` or base64 text, as the client found it.
"""

from __future__ import annotations

from typing import Any, Protocol

from larder.aws.retries import Attempt
from larder.errors import ServiceUnavailable, ThrottlingException

Item = dict[str, Any]
CONDITION_FAILED = "ConditionalCheckFailedException"
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


class DynamoApi(Protocol):
    """DynamoDB's low-level operations by name; every write that goes through can be repeated."""

    def call(self, operation: str, request: Item, attempt: Attempt | None = None) -> Item:
        """The response to ``operation`` (``"GetItem"``); ``attempt`` bounds its repetitions.

        Raises:
            ConditionFailed: the write's condition did not hold.
            ThrottlingException: DynamoDB refused every try for load.
            ServiceUnavailable: DynamoDB failed or did not respond, however often it was tried.
        """


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


def silent() -> ServiceUnavailable:
    """The error for no response."""
    return ServiceUnavailable(
        "DynamoDB did not answer in time; a write may or may not have taken effect, try again."
    )
