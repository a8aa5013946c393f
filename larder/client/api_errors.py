"""Errors of boto3's clients as Larder's, so that all parts of a platform raise the same classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from larder import errors

_BY_CODE: dict[str, type[errors.LarderError]] = {
    "ValidationException": errors.ValidationError,
    "ValidationError": errors.ValidationError,
    "ResourceNotFound": errors.ResourceNotFound,
    "ResourceInUse": errors.ResourceInUse,
    "ResourceLimitExceeded": errors.ResourceLimitExceeded,
    "ConflictException": errors.ConflictException,
    "ThrottlingException": errors.ThrottlingException,
    "TooManyRequestsException": errors.ThrottlingException,
}


@contextmanager
def larder_errors() -> Iterator[None]:
    """Call boto3 inside; its errors are raised as Larder's, with the API's own text.

    Raises:
        LarderError: of the class that the API's error code or status has.
    """
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except ParamValidationError as error:
        raise errors.ValidationError(str(error)) from error
    except BotoCoreError as error:
        raise errors.ServiceUnavailable(f"The platform's API did not answer: {error}") from error


def _translated(error: ClientError) -> errors.LarderError:
    told = error.response.get("Error", {})
    code, text = told.get("Code", ""), told.get("Message", "") or str(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if kind := _BY_CODE.get(code):
        return kind(text)
    if status == 403:
        return errors.AccessForbidden(f"{text} (the API's answer 403, {code})")
    if status == 429:
        return errors.ThrottlingException(text)
    return errors.ServiceUnavailable(f"{text} (the API's answer {status}, {code})")
