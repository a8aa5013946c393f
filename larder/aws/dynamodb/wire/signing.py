"""Signed requests to DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.sigv4 import ALGORITHM, ScopedKey, moment_of

_TYPE = "application/x-amz-json-1.0"
_API = "DynamoDB_20120810"


class Signer:
    """Makes whole HTTP requests; ``credentials`` is called for each, ``clock`` gives Unix time."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Callable[[], Credentials],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint = endpoint
        self._credentials = credentials
        self._clock = clock
        self._key = ScopedKey(endpoint.region, "dynamodb")

    def request(self, operation: str, body: bytes) -> bytes:
        """The bytes of a signed request for an operation with that JSON body."""
        who = self._credentials()
        moment = moment_of(self._clock())
        names, token = "content-type;host;x-amz-date;x-amz-target", ""
        if who.token:
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            token = f"x-amz-security-token:{who.token}\n"
        headers = (
            f"content-type:{_TYPE}\nhost:{self._endpoint.authority}\nx-amz-date:{moment}\n"
            f"{token}x-amz-target:{_API}.{operation}\n"
        )
        canonical = f"POST\n/\n\n{headers}\n{names}\n{sha256(body).hexdigest()}"
        signature = self._key.signature(canonical, moment, who.secret_key)
        lines = headers.replace("\n", "\r\n")
        head = (
            f"POST / HTTP/1.1\r\n{lines}content-length:{len(body)}\r\n"
            f"authorization:{ALGORITHM} Credential={who.access_key}/{self._key.scope(moment)}, "
            f"SignedHeaders={names}, Signature={signature}\r\n\r\n"
        )
        return head.encode("ascii") + body
