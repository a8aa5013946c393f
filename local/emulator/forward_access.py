"""Forward access: the rights of a caller for a service of AWS's that runs beside the emulator.

On AWS, Athena reads Glue and S3 with the rights of the caller that started a query (forward access
sessions). The local Athena is a process of its own and knows no secrets. It hands in each request
as it came, and what it is about to do. The reply is AWS's refusal, or temporary credentials of the
caller: a session with the caller's own policies, boundary and session policies. So Glue and S3
decide by themselves what it may do. Only the root user, as which Athena itself signs, is answered.
"""

import base64
import contextvars
import json
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator, router
from ministack.core.iam_evaluator import AuthError
from ministack.core.responses import get_account_id, set_request_account_id, set_request_region
from ministack.services import sts

PATH = "/_larder/forward-access"
_LIFETIME_SECONDS = 12 * 3600
_RENEWED_SECONDS = 3600
Answer = tuple[int, dict[str, str], bytes]
Document = dict[str, Any]


def install() -> None:
    """Serve the path, where signatures are verified at all."""
    handle: Callable[..., Awaitable[Answer | None]] = app._handle_special_data_plane_request
    sessions = _Sessions()

    async def handling(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Any,
        *rest: Any,
        **how: Any,
    ) -> Answer | None:
        if path != PATH:
            return await handle(method, path, headers, body, query, *rest, **how)
        key = router.extract_access_key_id(headers, query)
        refused = iam_evaluator.check_credentials(key, "athena")
        if refused or not iam_evaluator.is_root_access_key(key):
            return _json(403, {"message": "only the platform's own services are answered"})
        # In a context of its own: the request within is another one than this.
        return contextvars.copy_context().run(_answer, json.loads(body), sessions)

    app._handle_special_data_plane_request = handling


def _answer(asked: Document, sessions: "_Sessions") -> Answer:
    headers = {name.lower(): value for name, value in asked["headers"]}
    query = parse_qs(asked["query"], keep_blank_values=True)
    key = router.extract_access_key_id(headers, query)
    try:
        set_request_account_id(app._request_account_scope(key))
    except iam_evaluator.AmbiguousAccessKeyError:
        return _json(200, {"denied": True})
    region = router.extract_region(headers, query)
    set_request_region(region)
    raw_headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in asked["headers"]]
    iam_evaluator.pin_signed_request(asked["method"], asked["path"], query, raw_headers)
    iam_evaluator.pin_signed_body(base64.b64decode(asked["body"]))
    service, action = asked["service"], f"{asked['service']}:{asked['operation']}"
    prefix = f"arn:aws:{service}:{region}:{get_account_id()}"
    for resource in asked["resources"]:
        arn = f"{prefix}:{resource}"
        denied = iam_evaluator.enforce(key, action, service, region, resource_arn=arn)
        if isinstance(denied, AuthError):
            return _json(200, {"failed": _failure(service, action, denied, headers)})
        if denied:
            return _json(200, {"denied": True})
    return _json(200, {"session": sessions.of(key)})


def _failure(service: str, action: str, error: AuthError, headers: Mapping[str, str]) -> Document:
    """AWS's answer to credentials that it does not take, as the service words it."""
    request_id = str(uuid.uuid4())
    status, sent, body = app._credential_failure(service, action, request_id, error, headers)
    return {"status": status, "headers": sent, "body": body.decode()}


class _Sessions:
    """One session for each caller's key, renewed in its last hour."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def of(self, caller: str) -> Document:
        """Credentials of the caller, which was authenticated."""
        key = self._keys.get(caller, "")
        session = sts._sessions.get(key)
        if session is None or session["Expiration"] < time.time() + _RENEWED_SECONDS:
            key = self._keys[caller] = f"ASIA{secrets.token_hex(8).upper()}"
            session = _session(caller)
            sts.register_session(key, session)
        return {
            "access_key": key,
            "secret_key": session["SecretAccessKey"],
            "session_token": session["SessionToken"],
        }


def _session(caller: str) -> Document:
    """A session that has the rights of the caller's key, whatever kind of key it is."""
    found = iam_evaluator.resolve_credential(caller)
    return {
        **sts._sessions.get(caller, {}),  # what limits a session limits this one
        "Arn": found.principal_arn,
        "UserId": found.principal_id,
        "AccountId": found.account_id,
        "PrincipalType": found.principal_type,
        "PrincipalName": found.principal_name,
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(60),
        "Expiration": time.time() + _LIFETIME_SECONDS,
    }


def _json(status: int, document: Document) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()
