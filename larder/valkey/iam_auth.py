"""ElastiCache's authentication by IAM: a presigned request takes the place of a password.

Source: ElastiCache developer guide, "Authenticating with IAM": a token is valid for 15 minutes, and
the user's name is its id. The cache ends a connection 12 hours after it authenticated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.sigv4 import ALGORITHM, ScopedKey, moment_of

_VALID_SECONDS = 900
_REUSED_SECONDS = 840.0
_NO_BODY = sha256(b"").hexdigest()


class IamAuthentication:
    """Gives user and token for a new connection; a ``Valkey`` takes it as its ``credentials``."""

    def __init__(
        self,
        *,
        cache: str,
        user: str,
        region: str,
        credentials: Callable[[], Credentials],
        serverless: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign nothing yet.

        Args:
            cache: Name of the serverless cache, or id of the replication group.
            user: Id of an ElastiCache user whose authentication mode is IAM.
            region: Where the cache is.
            credentials: Gives the identity to sign with, for each new connection.
            serverless: Whether ``cache`` is a serverless cache.
            clock: Unix time.
        """
        self._cache = cache.lower()  # ElastiCache keeps names so, whatever was asked for
        self._user = user
        self._credentials = credentials
        self._kind = {"ResourceType": "ServerlessCache"} if serverless else {}
        self._clock = clock
        self._key = ScopedKey(region, "elasticache")
        self._kept: tuple[float, Credentials, str] | None = None

    def __call__(self) -> tuple[str, str]:
        """User and token; a token is used again until it is 14 minutes old.

        Raises:
            ConfigurationError: there are no credentials to sign with.
        """
        now, who = self._clock(), self._credentials()
        kept = self._kept
        if kept is None or kept[1] != who or not 0 <= now - kept[0] < _REUSED_SECONDS:
            kept = self._kept = (now, who, self._token(now, who))
        return self._user, kept[2]

    def _token(self, now: float, who: Credentials) -> str:
        moment = moment_of(now)
        members = {
            "Action": "connect",
            "User": self._user,
            **self._kind,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{who.access_key}/{self._key.scope(moment)}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(_VALID_SECONDS),
            "X-Amz-SignedHeaders": "host",
            **({"X-Amz-Security-Token": who.token} if who.token else {}),
        }
        pairs = [f"{name}={quote(value, safe='-._~')}" for name, value in members.items()]
        query = "&".join(sorted(pairs))
        canonical = f"GET\n/\n{query}\nhost:{self._cache}\n\nhost\n{_NO_BODY}"
        signature = self._key.signature(canonical, moment, who.secret_key)
        return f"{self._cache}/?{'&'.join(pairs)}&X-Amz-Signature={signature}"
