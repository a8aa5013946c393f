"""boto3's errors as the core's: those that a caller can act on; the rest pass unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from larder.aws.dynamodb.api import THROTTLES, UNAVAILABLE, failed, silent, throttled


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise throttles as ``ThrottlingException``, a missing response as ``ServiceUnavailable``."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in THROTTLES:
            raise throttled() from error
        if code in UNAVAILABLE:
            raise failed() from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise silent() from error
