"""Credentials that requests are signed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from larder.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, with the session's token where it is temporary."""

    access_key: str
    secret_key: str
    token: str | None = None


def provided_by_botocore() -> Callable[[], Credentials]:
    """Credentials of botocore's chain: profiles, containers, SSO, SnapStart; renewed in time.

    Raises:
        ConfigurationError: no provider of the chain has any.
    """
    from botocore.session import Session  # noqa: PLC0415 - half the import time of a function

    found = Session().get_credentials()

    def current() -> Credentials:
        frozen = found.get_frozen_credentials() if found else None
        if frozen is None or not frozen.access_key or not frozen.secret_key:
            raise ConfigurationError(
                "No AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile."
            )
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    current()
    return current
