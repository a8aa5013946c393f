"""DynamoDB's failures as the core's: what a caller can act on is translated, the rest flies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from larder.errors import ServiceUnavailable, ThrottlingException

THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_UNAVAILABLE = frozenset({"InternalServerError", "ServiceUnavailable", "InternalFailure"})


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise throttles as ``ThrottlingException`` and silence as ``ServiceUnavailable``."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in THROTTLES:
            raise ThrottlingException(
                "DynamoDB refused the request for load; nothing was changed, try again."
            ) from error
        if code in _UNAVAILABLE:
            raise ServiceUnavailable(
                "DynamoDB failed; a write may or may not have taken effect, try again."
            ) from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise ServiceUnavailable(
            "DynamoDB did not answer in time; a write may or may not have taken effect, try again."
        ) from error
