"""Signed requests to DynamoDB: AWS Signature Version 4 with the day's key kept.

Source: AWS, "Create a signed AWS API request". A test compares the signature with botocore's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from hmac import digest

from larder.adapters.dynamodb_wire.credentials import Credentials
from larder.adapters.dynamodb_wire.endpoint import Endpoint

_SERVICE = "dynamodb"
_TYPE = "application/x-amz-json-1.0"
_API = "DynamoDB_20120810"


class Signer:
    """Makes whole HTTP requests; ``credentials`` is asked every time, ``clock`` gives Unix time."""

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
        self._kept: tuple[str, str, bytes] = ("", "", b"")

    def request(self, operation: str, body: bytes) -> bytes:
        """The bytes to send."""
        who = self._credentials()
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        day = moment[:8]
        names, token = "content-type;host;x-amz-date;x-amz-target", ""
        if who.token:
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            token = f"x-amz-security-token:{who.token}\n"
        headers = (
            f"content-type:{_TYPE}\nhost:{self._endpoint.authority}\nx-amz-date:{moment}\n"
            f"{token}x-amz-target:{_API}.{operation}\n"
        )
        canonical = f"POST\n/\n\n{headers}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{day}/{self._endpoint.region}/{_SERVICE}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = digest(self._key(day, who.secret_key), text.encode(), "sha256").hex()
        lines = headers.replace("\n", "\r\n")
        head = (
            f"POST / HTTP/1.1\r\n{lines}content-length:{len(body)}\r\n"
            f"authorization:AWS4-HMAC-SHA256 Credential={who.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}\r\n\r\n"
        )
        return head.encode("ascii") + body

    def _key(self, day: str, secret_key: str) -> bytes:
        kept_day, kept_secret, key = self._kept
        if kept_day != day or kept_secret != secret_key:
            key = f"AWS4{secret_key}".encode()
            for part in (day, self._endpoint.region, _SERVICE, "aws4_request"):
                key = digest(key, part.encode(), "sha256")
            self._kept = (day, secret_key, key)
        return key
