"""Function URLs: what a function receives of a request, and what IAM asks before.

- The event has the caller whose signature was verified (``authorizer.iam``); ministack
  leaves it out.
- ``rawPath`` and ``rawQueryString`` are as they came, percent-encoding included; ministack decodes
  the one and writes the other again.
- A call needs ``lambda:InvokeFunction`` beside ``lambda:InvokeFunctionUrl`` (since October 2025). A
  policy may allow it for calls through a URL alone; ministack asks for the second only.

Source: the Lambda developer guide, "Invoking Lambda function URLs" and "Control access to Lambda
function URLs".
"""

import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import apigateway, lambda_svc

_PREFIX = "/_aws/lambda-url/"
_raw: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("raw", default=None)
Answer = tuple[Any, ...] | None


def install() -> None:
    """Replace how a request is taken in, authorized and told to the function."""
    _keep_what_came()
    _ask_for_both_permissions()
    _tell_the_function()


def function_path(raw_path: str) -> str:
    """The path that the function sees: without the prefix under which the emulator has a URL."""
    if not raw_path.startswith(_PREFIX):
        return raw_path
    return "/" + raw_path.removeprefix(_PREFIX).partition("/")[2]


def _keep_what_came() -> None:
    take: Callable[..., Awaitable[Answer]] = app._handle_special_data_plane_request

    async def taking(method: str, path: str, *args: Any, **kwargs: Any) -> Answer:
        _raw.set((kwargs.get("raw_path") or path, kwargs.get("raw_query_string", "")))
        return await take(method, path, *args, **kwargs)

    app._handle_special_data_plane_request = taking


def _ask_for_both_permissions() -> None:
    enforce: Callable[..., Answer] = app._enforce_data_plane

    def enforcing(
        service: str, action: str, headers: Any, query: Any, request_id: str, **kwargs: Any
    ) -> Answer:
        denied = enforce(service, action, headers, query, request_id, **kwargs)
        if denied or action != "lambda:InvokeFunctionUrl":
            return denied
        signed = lambda_svc._function_url_is_signed(headers, query)
        if not signed:  # the URL itself refuses, where it asks for a signature
            return None
        context = {"lambda:InvokedViaFunctionUrl": "true"}
        by_url = {**kwargs, "service_context": context}
        return enforce(service, "lambda:InvokeFunction", headers, query, request_id, **by_url)

    app._enforce_data_plane = enforcing


def _tell_the_function() -> None:
    build: Callable[..., dict[str, Any]] = lambda_svc._build_function_url_event

    def telling(*args: Any, anonymous: bool = False, **kwargs: Any) -> dict[str, Any]:
        event = build(*args, anonymous=anonymous, **kwargs)
        if (raw := _raw.get()) is not None:
            event["rawPath"], event["rawQueryString"] = function_path(raw[0]), raw[1]
            event["requestContext"]["http"]["path"] = event["rawPath"]
        headers, query = args[5], args[7]
        if not anonymous:
            caller = apigateway._iam_caller_identity_v2(headers, query)
            if caller is not None:
                event["requestContext"]["authorizer"] = {"iam": caller}
        return event

    lambda_svc._build_function_url_event = telling
