"""A Lambda function invoked by one signed POST: no SDK is imported for it.

Source: AWS Lambda, API reference, "Invoke".
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.environment import ca_bundle_from
from larder.aws.sigv4 import ALGORITHM, ScopedKey, moment_of
from larder.aws.trust import Trust
from larder.errors import ServiceUnavailable, ThrottlingException

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from ssl import SSLContext

_SECONDS: Final = 23.0
"""Below the 25 s of the function that waits, so that silence is reported as such."""


def lambda_endpoint(region: str, partition: str, env: Mapping[str, str] = os.environ) -> Endpoint:
    """``AWS_ENDPOINT_URL_LAMBDA``, else ``AWS_ENDPOINT_URL``, else the region's own."""
    url = env.get("AWS_ENDPOINT_URL_LAMBDA") or env.get("AWS_ENDPOINT_URL")
    if not url:
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        url = f"https://lambda.{region}.{suffix}"
    return Endpoint.at(url, region, ca_bundle_from(env))


@dataclass(frozen=True)
class LambdaFunction:
    """A function, by its name or the ARN of it or of its alias.

    ``credentials`` is called for each invocation, ``clock`` gives Unix time.
    """

    endpoint: Endpoint
    name: str
    credentials: Callable[[], Credentials]
    clock: Callable[[], float] = time.time
    _key: ScopedKey = field(init=False)
    _trust: Trust | None = field(init=False)

    def __post_init__(self) -> None:
        """Make ready what all invocations share."""
        object.__setattr__(self, "_key", ScopedKey(self.endpoint.region, "lambda"))
        trust = Trust(self.endpoint.ca_bundle) if self.endpoint.tls else None
        object.__setattr__(self, "_trust", trust)

    def invoke(self, payload: bytes) -> bytes:
        """The function's answer. It is asked once: a second call would do the work twice.

        Raises:
            ThrottlingException: Lambda has no execution free for it.
            ServiceUnavailable: it failed, did not answer in 23 s, or could not be invoked.
        """
        from http.client import HTTPException  # noqa: PLC0415 - not at every cold start

        path = f"/2015-03-31/functions/{quote(self.name, safe='')}/invocations"
        try:
            status, error, body = self._post(path, payload)
        except (OSError, HTTPException) as problem:
            raise ServiceUnavailable(
                f"The function {self.name} did not answer ({type(problem).__name__}); try again."
            ) from problem
        if status == 429:
            raise ThrottlingException(
                f"Lambda has no execution free for the function {self.name}; try again."
            )
        if status != 200 or error:
            said = body[:300].decode("utf-8", "replace")
            raise ServiceUnavailable(f"The function {self.name} failed ({error or status}): {said}")
        return body

    def _post(self, path: str, payload: bytes) -> tuple[int, str | None, bytes]:
        connection = self._connected()
        try:
            connection.request("POST", path, body=payload, headers=self._headers(path, payload))
            response = connection.getresponse()
            return response.status, response.headers.get("X-Amz-Function-Error"), response.read()
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

    def _headers(self, path: str, payload: bytes) -> Mapping[str, str]:
        who, moment = self.credentials(), moment_of(self.clock())
        digest = hashlib.sha256(payload).hexdigest()
        headers = {"host": self.endpoint.authority, "x-amz-date": moment}
        if who.token:
            headers["x-amz-security-token"] = who.token
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        # a path is encoded once more for the signature, for every service but S3
        canonical = f"POST\n{quote(path)}\n\n{lines}\n{names}\n{digest}"
        signature = self._key.signature(canonical, moment, who.secret_key)
        headers["authorization"] = (
            f"{ALGORITHM} Credential={who.access_key}/{self._key.scope(moment)}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return headers
