"""The runtime function behind a WSGI server, to be measured: no caller is authenticated.

The server names the store by ``AWS_ENDPOINT_URL_DYNAMODB``, as the function's own environment does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from lambdas.runtime.handler import handler

_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """One request as API Gateway's event, and the function's answer."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    event = {
        "rawPath": path,
        "rawQueryString": environ.get("QUERY_STRING", ""),
        "headers": {"content-type": environ.get("CONTENT_TYPE", "")},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "bench"},
        "isBase64Encoded": False,
    }
    if method != "GET":
        event["body"] = environ["wsgi.input"].read().decode()
    answer = handler(event, None)
    body = answer["body"].encode()
    headers = [*answer["headers"].items(), ("content-length", str(len(body)))]
    start_response(_LINES[answer["statusCode"]], headers)
    return [body]
