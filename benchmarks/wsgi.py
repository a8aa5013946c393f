"""A function behind a WSGI server, to be measured: no caller is authenticated.

The server names the store by ``AWS_ENDPOINT_URL_DYNAMODB``, as the function's own environment does.
``runtime`` and ``inference`` are the applications; each builds its function when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib import import_module
from typing import Any

_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def __getattr__(name: str) -> Application:
    """The application of a function's name."""
    if name not in {"runtime", "inference"}:
        raise AttributeError(name)
    return _application(import_module(f"lambdas.{name}.handler").handler)


def _application(handler: Callable[..., dict[str, Any]]) -> Application:
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

    return app
