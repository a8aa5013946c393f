"""Signatures on the strict platform: what ministack leaves unchecked under ``AUTH=true``.

- The root user's signatures are verified like anybody's. ministack takes any secret for its key
  and for every 12-digit key, so a program that signs wrongly would pass.
- A signature must be scoped to the service that is called: ``execute-api`` at an API of API
  Gateway, ``lambda`` at a Function URL, the service's own name elsewhere.
- An ``Authorization`` header that is empty or no signature of AWS's makes no caller the root user.
- S3 tells a caller without credentials no bucket's name, and makes no bucket for one.
- The emulator's own administration (reset, configuration, messages that were sent) is closed.

Source: the IAM user guide, "AWS Signature Version 4 for API requests" (credential scope).
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.iam_evaluator import AuthError
from ministack.core.responses import get_account_id
from ministack.services import apigateway_v1

Answer = tuple[int, dict[str, str], bytes]
_AT_A_URL = "lambda:InvokeFunctionUrl"
_INVOKE = "execute-api:Invoke"
_NEVER_ANONYMOUS = {"s3:ListAllMyBuckets", "s3:CreateBucket"}
_CLOSED = (
    "/_ministack/reset",
    "/_ministack/config",
    "/_aws/ses/",
    "/_aws/sns/",
    "/_aws/sqs/",
)


def install() -> None:
    """Replace the checks. They take effect only where ministack verifies signatures at all."""
    _verify_the_root_user()
    _check_before_policies()
    _answer_as_api_gateway()
    _close_administration()


def _verify_the_root_user() -> None:
    identity = iam_evaluator.resolve_caller_identity

    def identity_of(key: str) -> dict[str, Any] | None:
        if not key or not iam_evaluator.is_root_access_key(key):
            found: dict[str, Any] | None = identity(key)
            return found
        account = get_account_id()
        return {
            "accessKey": key,
            "accountId": account,
            "userArn": f"arn:aws:iam::{account}:root",
            "userId": account,
            "principalOrgId": iam_evaluator._principal_org_id(account),
            "session": None,
        }

    iam_evaluator.resolve_caller_identity = identity_of
    # Signatures of the keys for which this is true are not verified.
    iam_evaluator._is_root_key = lambda key: not key


def _check_before_policies() -> None:
    enforce, check = iam_evaluator.enforce, iam_evaluator.check_credentials

    def enforce_checked(key: str, action: str, service: str, region: str, **how: Any) -> object:
        failure = _failure(key, action, service)
        result: object = failure or enforce(key, action, service, region, **how)
        return result

    def check_all(key: str, service: str | None = None) -> object:
        failure = _failure(key, "", service or "")
        result: object = failure or check(key, service)
        return result

    iam_evaluator.enforce = enforce_checked
    iam_evaluator.check_credentials = check_all


def _failure(key: str, action: str, service: str) -> AuthError | None:
    return _unsigned(key, action, service) or _wrong_scope(action, service)


def _unsigned(key: str, action: str, service: str) -> AuthError | None:
    """The refusal of a caller who names no key, where AWS serves no caller without one."""
    if key or iam_evaluator._signed_request.get() is not None:
        return None
    anonymous = iam_evaluator._anonymous.get()
    if action == _AT_A_URL or (anonymous and action not in _NEVER_ANONYMOUS):
        return None  # the URL and the evaluator decide themselves
    text = iam_actions.anonymous_denial_message(service, action, "*")
    return AuthError("MissingAuthenticationToken", text)


def _wrong_scope(action: str, service: str) -> AuthError | None:
    """The refusal of a signature that is scoped to another service than the one called."""
    request = iam_evaluator._signed_request.get()
    scope = None if request is None else _scope_of(request)
    if scope is None:
        return None
    if action in (_INVOKE, "execute-api:ManageConnections"):
        wanted, fits = "execute-api", scope == "execute-api"
    else:
        namespaces = iam_actions.SERVICE_TO_IAM_NAMESPACE
        wanted = namespaces.get(service, service)
        called = _service_of(scope)
        fits = called == service or namespaces.get(called, called) == wanted
        # The management of APIs and the calls of one are two services with one handler here.
        fits = fits and (service, scope) != ("apigateway", "execute-api")
    if fits:
        return None
    text = f"Credential should be scoped to correct service: '{wanted}'. "
    return AuthError("SignatureDoesNotMatch", text)


def _scope_of(request: Any) -> str | None:
    """The service in the credential scope of a SigV4 or SigV4a signature."""
    if request.presigned:
        credential = iam_evaluator._query_value(request.query_params, "X-Amz-Credential")
    else:
        authorization = request.headers.get("authorization", "").partition(" ")[2]
        fields = dict(part.strip().partition("=")[::2] for part in authorization.split(","))
        credential = fields.get("Credential", "")
    scope = credential.split("/")
    return scope[-2] if len(scope) in (4, 5) else None


def _service_of(scope: str) -> str:
    """The service to which ministack takes a request that has this scope and no other mark."""
    signed = {"authorization": f"AWS4-HMAC-SHA256 Credential=k/d/r/{scope}/aws4_request"}
    service: str = router.detect_service("POST", "/", signed, {})
    return service


def _answer_as_api_gateway() -> None:
    answer: Callable[..., Answer | None] = apigateway_v1.authentication_error_response

    def answering(api_id: str, stage: str, error: AuthError, *request: Any) -> Answer:
        response = answer(api_id, stage, error, *request)
        if response is not None:  # a REST API words it itself
            return response
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": _shape(error)}
        return 403, headers, json.dumps({"message": error.message}).encode()

    apigateway_v1.authentication_error_response = answering
    handle: Callable[..., Awaitable[Answer | None]] = app._handle_execute_api_request

    async def handling(
        host: str, path: str, method: str, headers: dict[str, str], *request: Any, **how: Any
    ) -> Answer | None:
        if not headers.get(
            "authorization", "x"
        ).strip():  # the route only looks whether it is there
            headers = {name: value for name, value in headers.items() if name != "authorization"}
        return await handle(host, path, method, headers, *request, **how)

    app._handle_execute_api_request = handling


def _shape(error: AuthError) -> str:
    mapped = iam_actions._AUTH_FAILURES.get(error.code)
    return str(mapped[2]) if mapped else str(error.code)


def _close_administration() -> None:
    handle: Callable[..., Awaitable[Answer | None]] = app._handle_pre_body_request

    async def handling(method: str, path: str, *request: Any) -> Answer | None:
        if path.startswith(_CLOSED):
            text = "The strict platform has no such endpoint: `make clean` forgets its data"
            body = json.dumps({"__type": "AccessDeniedException", "message": text}).encode()
            return 403, {"Content-Type": "application/json"}, body
        return await handle(method, path, *request)

    app._handle_pre_body_request = handling
