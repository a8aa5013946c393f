"""What Glue and S3 refuse the caller, in the words of Athena's failed executions."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from local.athena.errors import QueryFailed

_DENIED = ("AccessDenied", "AccessDeniedException", "403")
_CODE = "PERMISSION_DENIED"
_ARROW = re.compile(r"key '(?P<key>[^']*)' in bucket '(?P<bucket>[^']*)': AWS Error ACCESS_DENIED")
_DUCKDB = re.compile(r"'(?P<url>https?://[^']+)'.*?\(HTTP 403")


def is_denial(error: ClientError) -> bool:
    """Whether IAM refused the call; S3 gives no reason for a HEAD request."""
    return error.response.get("Error", {}).get("Code") in _DENIED


def refused_by_cloud(error: ClientError) -> QueryFailed:
    """What S3 or Glue answered to a call, such as a refusal or a missing bucket."""
    details = error.response.get("Error", {})
    code, message = details.get("Code", "Unknown"), details.get("Message", "")
    if not is_denial(error):
        return QueryFailed("GENERIC_USER_ERROR", f"{error.operation_name}: {code}: {message}")
    if code == "AccessDeniedException":  # Glue's
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
        source = f"Service: AmazonDataCatalog; Status Code: 400; Error Code: {code}"
        text = f"{message} ({source}; Request ID: {request_id}; Proxy: null)"
        return QueryFailed(_CODE, text, named=False)
    return QueryFailed(_CODE, f"{message} (Service: Amazon S3; Status Code: 403)")


def not_readable(address: str) -> QueryFailed:
    """The failure of a statement that may not read or write an object."""
    return QueryFailed(_CODE, f"Permission denied on S3 path: {address}")


def result_not_writable(address: str) -> QueryFailed:
    """The failure of a statement whose caller may not write the result."""
    text = (
        f"Access denied when writing output to url: {address} . Please ensure you are allowed to "
        "access the S3 bucket. If you are encrypting query results with KMS key, please ensure "
        "you are allowed to access your KMS key"
    )
    return QueryFailed(_CODE, text, named=False)


def denied_to_arrow(error: OSError) -> QueryFailed | None:
    """The failure if S3 refused Arrow an object; None for another error."""
    found = _ARROW.search(str(error))
    return not_readable(f"s3://{found['bucket']}/{found['key']}") if found else None


def denied_to_duckdb(message: str) -> QueryFailed | None:
    """The failure if S3 refused DuckDB an object; None for another error."""
    found = _DUCKDB.search(message)
    if found is None:
        return None
    return not_readable(f"s3:/{unquote(urlsplit(found['url']).path)}")
