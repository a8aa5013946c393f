"""What goes wrong where a file is read, in Larder's words and with the file's name."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from larder.errors import AccessForbidden, LarderError, ServiceUnavailable, ValidationError

_UNREADABLE = (pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error)
_UNANSWERED = ("NETWORK_CONNECTION", "SLOW_DOWN", "curlCode", "SERVICE_UNAVAILABLE", "INTERNAL_")


@contextmanager
def readable(address: str) -> Iterator[None]:
    """Turn what Arrow, a codec or the system raises into Larder's errors, which name the file.

    Raises:
        ValidationError: the file is gone, or not what its name says.
        AccessForbidden: this process may not read it.
        ServiceUnavailable: its store did not answer.
    """
    try:
        yield
    except LarderError:
        raise
    except FileNotFoundError as error:
        raise ValidationError(f"{address} can't be read: it does not exist (any more)") from error
    except PermissionError as error:
        raise AccessForbidden(
            f"{address} can't be read: this process has no right to it; give it one, or name "
            "another place"
        ) from error
    except UnicodeDecodeError as error:
        odd = bytes(error.object[error.start : error.start + 1]).hex()
        raise ValidationError(
            f"{address} can't be read: byte 0x{odd} is no text in {error.encoding}; say which "
            "encoding the file has (--encoding latin-1)"
        ) from error
    except _UNREADABLE as error:
        raise _told(address, error) from error


def _told(address: str, error: BaseException) -> LarderError:
    words = " ".join(str(error).split())[:500] or type(error).__name__
    if "AWS Error ACCESS_DENIED" in words:
        return AccessForbidden(f"{address} can't be read: {words}")
    if "AWS Error" in words and any(each in words for each in _UNANSWERED):
        return ServiceUnavailable(f"{address} can't be read now: {words}")
    return ValidationError(
        f"{address} can't be read: {words}; write the file again, or leave it out"
    )
