"""No web page of another site uses the emulator: requests of one are refused before anything else.

ministack answers every origin with ``Access-Control-Allow-Origin: *`` and takes any ``Host``. Here
a foreign page gets 403, also for its preflight, and no CORS headers. The exception is a page that
an HTTP API or a Function URL names in its own CORS configuration. It holds for calls of that API
alone. An ``AllowOrigins`` of ``*`` names no page: without verified signatures it would open the API
to all.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import apigateway, lambda_svc

from local.web_pages import refusal

Scope = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


def install() -> None:
    """Put the check in front of every request and WebSocket."""
    serve = app.app

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await serve(scope, receive, send)
            return
        headers = _headers(scope)
        origins = _named_origins(headers.get("host", ""), scope["path"])
        reason = refusal(headers, origins=origins)
        if reason is not None:
            await _refuse(scope, receive, send, reason)
            return
        own_cors = headers.get("origin") in origins
        await serve(scope, receive, send if own_cors else _without_cors(send))

    app.app = guarded


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name; of one that came twice, the values joined, which no check accepts."""
    headers: dict[str, str] = {}
    for name, value in scope.get("headers", []):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _named_origins(host: str, path: str) -> frozenset[str]:
    """The origins that the addressed API or Function URL allows by name."""
    if api := app._parse_execute_api_url(host, path):
        found = (a for (_, _, name), a in apigateway._apis.all_items() if name == api[0])
        configuration = (next(found, None) or {}).get("corsConfiguration") or {}
        return frozenset(configuration.get("allowOrigins") or ()) - {"*"}
    if url := app._parse_lambda_url(host, path):
        resolved = lambda_svc.resolve_function_url(url[0])
        configuration = (resolved[-1].get("Cors") if resolved else None) or {}
        return frozenset(configuration.get("AllowOrigins") or ()) - {"*"}
    return frozenset()


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()  # the handshake, which is refused by closing
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})
        return
    body = json.dumps({"__type": "AccessDeniedException", "message": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the request's body is left unread
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _without_cors(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": kept}
        await send(message)

    return sending
