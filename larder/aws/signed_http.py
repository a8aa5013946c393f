"""Requests to an AWS service by the standard library alone: signed, and each on its own connection.

For what is rare: DynamoDB, which every request needs, has a client of its own. Source: AWS, "Create
a signed AWS API request".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.sigv4 import ALGORITHM, ScopedKey, moment_of
from larder.aws.trust import Trust

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from ssl import SSLContext


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's answer; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """The service did not answer, or not in HTTP; the text is the error's class."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to sign. ``headers`` are in lower case, ``host`` among them.

    ``path`` is as the signature has it: every service but S3 has it encoded once more.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


def signed(key: ScopedKey, asked: Asked, who: Credentials, moment: str) -> dict[str, str]:
    """The headers of a request with its date, the token and the signature."""
    named = {**asked.headers, "x-amz-date": moment}
    if who.token:
        named["x-amz-security-token"] = who.token
    lines = "".join(f"{name}:{named[name]}\n" for name in sorted(named))
    names = ";".join(sorted(named))
    digest = sha256(asked.body).hexdigest()
    canonical = f"{asked.method}\n{asked.path}\n\n{lines}\n{names}\n{digest}"
    signature = key.signature(canonical, moment, who.secret_key)
    named["authorization"] = (
        f"{ALGORITHM} Credential={who.access_key}/{key.scope(moment)}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return named


@dataclass(frozen=True)
class SignedHttp:
    """A service at an endpoint, each of whose replies is waited for ``seconds``.

    ``credentials`` is called for each request, ``clock`` gives Unix time.
    """

    endpoint: Endpoint
    service: str
    credentials: Callable[[], Credentials]
    seconds: float
    clock: Callable[[], float] = time.time
    _key: ScopedKey = field(init=False)
    _trust: Trust | None = field(init=False)

    def __post_init__(self) -> None:
        """Make ready what all requests share."""
        object.__setattr__(self, "_key", ScopedKey(self.endpoint.region, self.service))
        trust = Trust(self.endpoint.ca_bundle) if self.endpoint.tls else None
        object.__setattr__(self, "_trust", trust)

    def send(self, method: str, path: str, body: bytes = b"") -> Answer:
        """The answer to a request, which is sent once.

        Raises:
            NoAnswer: the service was silent, or spoke no HTTP.
        """
        from http.client import HTTPException  # noqa: PLC0415 - not at every cold start

        try:
            return self._sent(method, path, body)
        except (OSError, HTTPException) as error:
            raise NoAnswer(type(error).__name__) from error

    def headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        """The headers of a request, its signature among them."""
        from urllib.parse import quote  # noqa: PLC0415 - as above

        headers = {"host": self.endpoint.authority}
        if self.service == "s3":
            headers["x-amz-content-sha256"] = sha256(body).hexdigest()
        else:
            path = quote(path)
        who, moment = self.credentials(), moment_of(self.clock())
        return signed(self._key, Asked(method, path, headers, body), who, moment)

    def _sent(self, method: str, path: str, body: bytes) -> Answer:
        connection = self._connected()
        try:
            connection.request(method, path, body or None, self.headers(method, path, body))
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def _connected(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415 - as above

        host, port, trust = self.endpoint.host, self.endpoint.port, self._trust
        if trust is None:
            return HTTPConnection(host, port, timeout=self.seconds)

        def opened(context: SSLContext) -> HTTPConnection:
            connection = HTTPSConnection(host, port, timeout=self.seconds, context=context)
            connection.connect()
            return connection

        return trust.connect(opened)
