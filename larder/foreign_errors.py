"""Errors of libraries and of the system, in Larder's words, where work meets its caller.

A reader names the file that it could not read (``larder.tabular.failures``). What other libraries
raise where nothing expects it ends here. So no caller is shown a traceback for what is wrong with
its data, its disk or its rights. An error of Larder's own code is no such error and stays.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from larder.errors import (
    AccessForbidden,
    ConfigurationError,
    LarderError,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)

_LIBRARIES = frozenset(
    {"pyarrow", "duckdb", "_duckdb", "polars", "pandas", "numpy", "botocore", "boto3", "urllib3"}
    | {"pyiceberg", "pyo3_runtime", "s3transfer"}
)
_OF_THE_CALLER = frozenset(
    {errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EEXIST, errno.ELOOP}
)
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_CODES = {
    "AccessDenied": AccessForbidden,
    "AccessDeniedException": AccessForbidden,
    "ExpiredToken": AccessForbidden,
    "ExpiredTokenException": AccessForbidden,
    "Throttling": ThrottlingException,
    "ThrottlingException": ThrottlingException,
    "SlowDown": ThrottlingException,
}
_SETTINGS = frozenset({"NoCredentialsError", "NoRegionError", "ProfileNotFound"})
_UNANSWERED = ("Connect", "Timeout", "EndpointConnection", "ReadTimeout", "SSLError")


@contextmanager
def in_larders_words(what: str) -> Iterator[None]:
    """Turn an error of a library or of the system into one of Larder's; ``what`` begins its text.

    Raises:
        LarderError: of the class that the error comes nearest to.
    """
    try:
        yield
    except LarderError:
        raise
    except BaseException as error:
        kind = _kind(error)
        if kind is None:
            raise
        words = " ".join(str(error).split())[:500] or "no reason was given"
        raise kind(f"{what}: {words} ({type(error).__name__})") from error


def _kind(error: BaseException) -> type[LarderError] | None:
    """The class that an error becomes; ``None`` for one that stays what it is.

    A broken pipe stays: where the output's reader has gone, the command's edge ends it.
    """
    if isinstance(error, BrokenPipeError | KeyboardInterrupt):
        return None
    if _is_of_library(error):
        return _of_library(error)
    if isinstance(error, OSError):
        return _of_system(error)
    return ValidationError if isinstance(error, EOFError | zlib.error | UnicodeError) else None


def _of_library(error: BaseException) -> type[LarderError]:
    name, response = type(error).__name__, getattr(error, "response", None)
    if isinstance(response, dict):
        return _CODES.get(response.get("Error", {}).get("Code", ""), ServiceUnavailable)
    if name in _SETTINGS:
        return ConfigurationError
    return ServiceUnavailable if any(each in name for each in _UNANSWERED) else ValidationError


def _of_system(error: OSError) -> type[LarderError]:
    if error.errno in _FORBIDDEN:
        return AccessForbidden
    return ValidationError if error.errno in _OF_THE_CALLER else ServiceUnavailable


def _is_of_library(error: BaseException) -> bool:
    return any(each.__module__.partition(".")[0] in _LIBRARIES for each in type(error).__mro__[:-2])
