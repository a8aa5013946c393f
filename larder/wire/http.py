"""HTTP requests as API Gateway's HTTP API and Lambda's function URLs hand them over (payload 2.0).

The parts are parsed here from their raw forms: the parsed query joins repeated keys by commas, and
identifiers contain commas; bodies without a text content type arrive in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from larder.errors import ValidationError

Event = Mapping[str, Any]
ANONYMOUS = "anonymous"
_MAX_QUERY_FIELDS = 3000


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``path`` raw as it came, ``query`` raw, ``headers`` in lower case.

    ``caller_arn`` is the principal that the endpoint has authenticated: ``ANONYMOUS`` where the
    endpoint asked for no signature, ``None`` where the function was invoked directly. Only a
    principal of the account can do that, where IAM allows it.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    caller_arn: str | None

    def query_fields(self) -> dict[str, list[str]]:
        """Decoded values by key, in order.

        Raises:
            ValidationError: the query is not UTF-8 or has absurdly many fields.
        """
        try:
            pairs = parse_qsl(
                self.query,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MAX_QUERY_FIELDS,
            )
        except ValueError as error:
            raise ValidationError(
                f"The query string can't be read: {error}; encode it as UTF-8, with at most "
                f"{_MAX_QUERY_FIELDS} fields."
            ) from error
        fields: dict[str, list[str]] = {}
        for key, value in pairs:
            fields.setdefault(key, []).append(value)
        return fields

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object.

        Raises:
            ValidationError: the body is not JSON, or not an object.
        """
        if not self.body:
            return {}
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ValidationError(
                f"The request body is not valid JSON ({error}); send one UTF-8 JSON object."
            ) from error
        if not isinstance(value, dict):
            raise ValidationError(
                f"The request body is a JSON {type(value).__name__}; send one JSON object."
            )
        return value


def parse_event(event: Event) -> Request:
    """The request in an event.

    Raises:
        ValidationError: the body is marked as base64 and is not.
    """
    context = event.get("requestContext", {})
    http = context.get("http", {})
    iam = (context.get("authorizer") or {}).get("iam") or {}
    return Request(
        method=http.get("method", ""),
        path=event.get("rawPath", ""),
        query=event.get("rawQueryString", ""),
        headers={key.lower(): value for key, value in event.get("headers", {}).items()},
        body=_body(event),
        request_id=context.get("requestId", ""),
        caller_arn=iam.get("userArn") or (ANONYMOUS if "domainName" in context else None),
    )


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise ValidationError(f"The request body is not valid base64: {error}.") from error
