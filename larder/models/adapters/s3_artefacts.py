"""Models' files in the platform's bucket, read by one signed GET: no SDK is imported for it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import TYPE_CHECKING

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.sigv4 import ALGORITHM, ScopedKey, moment_of
from larder.aws.trust import Trust
from larder.bucket_folders import MODELS
from larder.errors import ServiceUnavailable
from larder.models.errors import ModelError

if TYPE_CHECKING:
    from http.client import HTTPConnection

_SECONDS = 10.0
_TRIES = 3
_EMPTY = hashlib.sha256(b"").hexdigest()
_NAMES = "host;x-amz-content-sha256;x-amz-date"


@dataclass(frozen=True)
class S3Artefacts:
    """Implements ``ArtefactReader``: objects of ``bucket`` under ``models/<sha256>``.

    ``credentials`` is called for each read, ``clock`` gives Unix time.
    """

    endpoint: Endpoint
    bucket: str
    credentials: Callable[[], Credentials]
    clock: Callable[[], float] = time.time
    _key: ScopedKey = field(init=False)
    _trust: Trust | None = field(init=False)

    def __post_init__(self) -> None:
        """Make ready what all reads share."""
        object.__setattr__(self, "_key", ScopedKey(self.endpoint.region, "s3"))
        trust = Trust(self.endpoint.ca_bundle) if self.endpoint.tls else None
        object.__setattr__(self, "_trust", trust)

    def read(self, sha256: str) -> bytes:
        data = self._fetched(f"/{self.bucket}/{MODELS}{sha256}")
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise ModelError(
                f"The model's file {MODELS}{sha256} in {self.bucket} has SHA-256 {found}: it was "
                f"changed. Create the model again.",
                500,
            )
        return data

    def _fetched(self, path: str) -> bytes:
        from http.client import HTTPException  # noqa: PLC0415 - half of the function's modules

        problem: object = None
        for _ in range(_TRIES):
            try:
                status, body = self._get(path)
            except (OSError, HTTPException) as error:
                problem = type(error).__name__
                continue
            if status == 200:
                return body
            if status < 500:
                raise ModelError(
                    f"The model's file {path} can't be read (HTTP {status}): it is gone, or the "
                    f"inference function lacks the permission. Create the model again.",
                    500,
                )
            problem = f"HTTP {status}"
        raise ServiceUnavailable(f"S3 did not give the model's file ({problem}); try again.")

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = self._connected()
        try:
            connection.request("GET", path, headers=self.headers(path))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connected(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415 - as above

        host, port, trust = self.endpoint.host, self.endpoint.port, self._trust
        if trust is None:
            return HTTPConnection(host, port, timeout=_SECONDS)

        def opened(context: SSLContext) -> HTTPConnection:
            connection = HTTPSConnection(host, port, timeout=_SECONDS, context=context)
            connection.connect()
            return connection

        return trust.connect(opened)

    def headers(self, path: str) -> Mapping[str, str]:
        """The headers of a signed GET of a path."""
        who, moment = self.credentials(), moment_of(self.clock())
        headers = {
            "host": self.endpoint.authority,
            "x-amz-content-sha256": _EMPTY,
            "x-amz-date": moment,
        }
        names = _NAMES
        if who.token:
            headers["x-amz-security-token"] = who.token
            names = f"{_NAMES};x-amz-security-token"
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = f"GET\n{path}\n\n{lines}\n{names}\n{_EMPTY}"
        signature = self._key.signature(canonical, moment, who.secret_key)
        headers["authorization"] = (
            f"{ALGORITHM} Credential={who.access_key}/{self._key.scope(moment)}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return headers
