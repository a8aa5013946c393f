"""Signed requests to DynamoDB, byte by byte.

Requests of one operation within one second differ only in their bodies: what they share is made
and hashed once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.sigv4 import ALGORITHM, Hmac, ScopedKey, moment_of

_TYPE = "application/x-amz-json-1.0"
_API = "DynamoDB_20120810"


@dataclass(slots=True)
class _Head:
    """What requests of one operation share, in one second and by one caller.

    Attributes:
        canonical: the hash of the canonical request, up to the body's own.
        text: what is signed, up to the hash of the canonical request.
        before: the request's bytes up to the length of its body.
        after: the bytes from there to the signature.
    """

    second: int
    who: Credentials
    key: Hmac
    canonical: Any
    text: bytes
    before: bytes
    after: bytes


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
        self._heads: dict[str, _Head] = {}

    def request(self, operation: str, body: bytes) -> bytes:
        """The bytes of a signed request for an operation with that JSON body."""
        who, second = self._credentials(), int(self._clock())
        head = self._heads.get(operation)
        if head is None or head.second != second or head.who != who:
            head = self._heads[operation] = self._head(operation, second, who)
        canonical = head.canonical.copy()
        canonical.update(sha256(body).hexdigest().encode())
        signature = head.key.hexdigest(head.text + canonical.hexdigest().encode())
        return b"%b%d%b%b\r\n\r\n%b" % (
            head.before,
            len(body),
            head.after,
            signature.encode(),
            body,
        )

    def _head(self, operation: str, second: int, who: Credentials) -> _Head:
        moment = moment_of(second)
        names, token = "content-type;host;x-amz-date;x-amz-target", ""
        if who.token:
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            token = f"x-amz-security-token:{who.token}\n"
        headers = (
            f"content-type:{_TYPE}\nhost:{self._endpoint.authority}\nx-amz-date:{moment}\n"
            f"{token}x-amz-target:{_API}.{operation}\n"
        )
        lines = headers.replace("\n", "\r\n")
        return _Head(
            second,
            who,
            self._key.of_day(moment, who.secret_key),
            sha256(f"POST\n/\n\n{headers}\n{names}\n".encode()),
            self._key.text(moment).encode(),
            f"POST / HTTP/1.1\r\n{lines}content-length:".encode("ascii"),
            f"\r\nauthorization:{ALGORITHM} Credential={who.access_key}/{self._key.scope(moment)}, "
            f"SignedHeaders={names}, Signature=".encode("ascii"),
        )
