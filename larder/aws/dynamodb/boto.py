"""DynamoDB by boto3: the reference that the lean client is measured and tested against."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from larder.aws.dynamodb.api import (
    CANCELLED,
    CONDITION_FAILED,
    ConditionFailed,
    Item,
    Refusal,
    TransactionCancelled,
)
from larder.aws.dynamodb.errors import translated_errors
from larder.aws.retries import Attempt
from larder.errors import ServiceUnavailable, ThrottlingException

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class BotoDynamo:
    """``DynamoApi`` over a boto3 client, which repeats by its own configuration."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client: Any = client

    def call(
        self,
        operation: str,
        request: Item,
        attempt: Attempt | None = None,  # noqa: ARG002 - boto3 has its own
    ) -> Item:
        """Call the client's method of that operation."""
        method = getattr(self._client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            with translated_errors():
                answer: Item = method(**request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == CANCELLED:
                reasons: Any = error.response.get("CancellationReasons", [])
                raise TransactionCancelled([each["Code"] for each in reasons]) from error
            if code != CONDITION_FAILED:
                raise
            item: Item | None = error.response.get("Item")  # type: ignore[assignment]
            raise ConditionFailed(item) from error
        return answer

    def call_all(self, operation: str, requests: Sequence[Item]) -> list[Item | Refusal]:
        """See ``DynamoApi.call_all``; boto3 makes one call after the other."""
        return [self._answer_or_refusal(operation, request) for request in requests]

    def _answer_or_refusal(self, operation: str, request: Item) -> Item | Refusal:
        try:
            return self.call(operation, request)
        except (ConditionFailed, ThrottlingException, ServiceUnavailable) as refusal:
            return refusal
