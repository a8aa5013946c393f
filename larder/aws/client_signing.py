"""Make unmodified SageMaker clients sign for the endpoint that they call.

An HTTP API with an IAM authorizer wants signatures for the service ``execute-api``, a Function URL
for ``lambda``. Clients of SageMaker sign for ``sagemaker``. ``larder configure`` changes that with
no code at all; these are the hooks for programs that would rather say it in one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from larder.errors import ConfigurationError

API, FUNCTION_URL = "execute-api", "lambda"
"""What signatures are for, by endpoint."""
DATA_PLANE = "sagemaker-featurestore-runtime"
INFERENCE = "sagemaker-runtime"
SERVICES = ("sagemaker", DATA_PLANE, INFERENCE)


def sign_for_execute_api(client_or_session: Any, *, region: str | None = None) -> None:  # noqa: ANN401
    """Make a client, or every client that a session makes from now on, sign for ``execute-api``.

    Takes a boto3 client of ``sagemaker``, ``sagemaker-featurestore-runtime`` or
    ``sagemaker-runtime``, a boto3 session, or a botocore session. A session's clients of other
    services are left as they are. Doing it twice is the same as once.
    ``region`` is the API's, where it is not that of the client.

    Raises:
        ConfigurationError: it is a client of another service, or not of boto3 at all.
    """
    _sign_for(API, SERVICES, client_or_session, region)


def sign_for_function_url(client_or_session: Any, *, region: str | None = None) -> None:  # noqa: ANN401
    """Make a client of the data plane, or those that a session makes from now on, sign for its URL.

    As ``sign_for_execute_api``, of which it takes the place for the data plane where both are
    called: a Function URL does not serve the control plane.

    Raises:
        ConfigurationError: it is a client of another service, or not of boto3 at all.
    """
    _sign_for(FUNCTION_URL, (DATA_PLANE,), client_or_session, region)


def _sign_for(
    name: str,
    services: Sequence[str],
    client_or_session: Any,  # noqa: ANN401
    region: str | None,
) -> None:
    def sign(request: Any, **_: object) -> None:  # noqa: ANN401
        signing = {"signing_name": name} | ({"region": region} if region else {})
        request.context["signing"] = {**request.context.get("signing", {}), **signing}

    meta = getattr(client_or_session, "meta", None)
    if meta is not None:
        service = meta.service_model.service_name
        if service not in services:
            raise ConfigurationError(
                f"A client of {service} never calls Larder's {_ENDPOINTS[name]}: give one of "
                f"{' or '.join(services)}."
            )
        services, events = (service,), meta.events
    else:
        events = getattr(client_or_session, "events", client_or_session)
    if not hasattr(events, "register"):
        kind = type(client_or_session).__name__
        raise ConfigurationError(f"A {kind} is neither a client nor a session of boto3.")
    for service in services:
        event = f"before-sign.{service}"
        events.unregister(event, unique_id=f"{_HOOK}-{service}")  # the last one asked for counts
        events.register(event, sign, unique_id=f"{_HOOK}-{service}")


_HOOK = "larder-sign"
_ENDPOINTS = {API: "API", FUNCTION_URL: "Function URL"}
