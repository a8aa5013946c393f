"""Failures of Glue, S3 and PyIceberg as the core's: what a caller can act on, the rest flies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from pyiceberg.exceptions import (
    CommitStateUnknownException,
    NoSuchIcebergTableError,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
)

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.offline.ports import TableUnusable

_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedException"})
_PASSING = frozenset(
    {
        "InternalServiceException",
        "InternalFailure",
        "OperationTimeoutException",
        "RequestLimitExceeded",
        "ResourceNotReadyException",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)


class FileMissing(TableUnusable):
    """A file that the table's metadata name is gone.

    Maintenance may have removed it a moment ago, with metadata that are newer now: a second look
    tells.
    """


@contextmanager
def translated_errors(table: str) -> Iterator[None]:
    """Raise failures around a table as ``larder.offline.ports.OfflineTables`` promises them."""
    try:
        yield
    except NoSuchTableError as error:
        raise TableUnusable(f"the offline table {table} does not exist in the catalog") from error
    except NoSuchNamespaceError as error:
        raise TableUnusable(f"the database of offline table {table} does not exist") from error
    except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
        raise TableUnusable(
            f"the table {table} already exists and is not an Iceberg table"
        ) from error
    except ClientError as error:
        raise _of_client(table, error) from error
    except FileNotFoundError as error:
        raise FileMissing(f"a file of the offline table {table} is gone: {error}") from error
    except OSError as error:
        raise _of_storage(table, error) from error
    except (ConnectionError, HTTPClientError, CommitStateUnknownException) as error:
        raise ServiceUnavailable(f"the catalog did not answer for {table}: {error}") from error


def _of_client(table: str, error: ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _REFUSED:
        return AccessForbidden(f"the catalog refused access to {table}: {error}")
    if code in _PASSING or status >= 500:
        return ServiceUnavailable(f"the catalog failed for {table}: {error}")
    return error


def _of_storage(table: str, error: OSError) -> Exception:
    # Arrow gives no code, only words
    refused = "ACCESS_DENIED" in str(error) or "HTTP status 403" in str(error)
    if refused or isinstance(error, PermissionError):
        return AccessForbidden(f"storage refused access to {table}: {error}")
    return ServiceUnavailable(f"storage failed for {table}: {error}")
