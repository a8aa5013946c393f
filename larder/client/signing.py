"""Make unmodified SageMaker clients sign for API Gateway.

An HTTP API with an IAM authorizer wants signatures for the service ``execute-api``, where clients
of SageMaker sign for ``sagemaker``. ``larder configure`` changes that with no code at all; this is
the hook for programs that would rather say it in one line.
"""

from __future__ import annotations

from typing import Any

from larder.errors import ConfigurationError

SIGNING_NAME = "execute-api"
SERVICES = ("sagemaker", "sagemaker-featurestore-runtime")


def sign_for_execute_api(client_or_session: Any, *, region: str | None = None) -> None:  # noqa: ANN401
    """Make a client, or every client that a session makes from now on, sign for ``execute-api``.

    Takes a boto3 client of ``sagemaker`` or ``sagemaker-featurestore-runtime``, a boto3 session, or
    a botocore session; a session's clients of other services are left as they are. Doing it twice
    is the same as once. ``region`` is the API's, where it is not that of the client.

    Raises:
        ConfigurationError: it is a client of another service, or nothing of boto3's at all.
    """

    def sign(request: Any, **_: object) -> None:  # noqa: ANN401
        told = {"signing_name": SIGNING_NAME} | ({"region": region} if region else {})
        request.context["signing"] = {**request.context.get("signing", {}), **told}

    meta = getattr(client_or_session, "meta", None)
    if meta is not None:
        service = meta.service_model.service_name
        if service not in SERVICES:
            raise ConfigurationError(
                f"A client of {service} never calls Larder: give one of {' or '.join(SERVICES)}."
            )
        meta.events.register(f"before-sign.{service}", sign, unique_id=_HOOK)
        return
    events = getattr(client_or_session, "events", client_or_session)
    if not hasattr(events, "register"):
        kind = type(client_or_session).__name__
        raise ConfigurationError(f"A {kind} is neither a client nor a session of boto3.")
    for service in SERVICES:
        events.register(f"before-sign.{service}", sign, unique_id=f"{_HOOK}-{service}")


_HOOK = "larder-sign-for-execute-api"
