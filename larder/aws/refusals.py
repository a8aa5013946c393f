"""What boto3's clients raise, as the error of Larder's that a caller can act on.

Only the code that says so means that something does not exist. A refused right, a throttle and a
service that fails stay what they are: the cure of each is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from larder.errors import (
    AccessForbidden,
    ConfigurationError,
    LarderError,
    ServiceUnavailable,
    ThrottlingException,
)

_FORBIDDEN = frozenset(
    {"AccessDenied", "AccessDeniedException", "AccessForbidden", "UnauthorizedException"}
    | {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"}
    | {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException"}
)
_THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
    | {"SlowDown", "RequestThrottled", "ProvisionedThroughputExceededException"}
)
Refused = ClientError | BotoCoreError
"""What is caught around a call of boto3."""
Meanings = Mapping[str, type[LarderError]]


def refusal(what: str, error: Refused, meanings: Meanings | None = None) -> LarderError:
    """The error to raise for one of boto3's; its text begins with ``what`` could not be done.

    ``meanings`` are codes that mean something to this call alone, such as that there is no group.
    """
    if not isinstance(error, ClientError):
        setting = isinstance(error, NoCredentialsError | NoRegionError | ProfileNotFound)
        return (ConfigurationError if setting else ServiceUnavailable)(f"{what}: {error}")
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind: type[LarderError] = ServiceUnavailable
    if meanings and code in meanings:
        kind = meanings[code]
    elif code in _FORBIDDEN or status == HTTPStatus.FORBIDDEN:
        kind = AccessForbidden
    elif code in _THROTTLES or status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = ThrottlingException
    return kind(f"{what}: {error}")


def code_of(error: ClientError) -> str:
    """The service's own code."""
    return str(error.response.get("Error", {}).get("Code", ""))
