"""AWS Signature Version 4, with the day's key kept.

Source: AWS, "Create a signed AWS API request". Tests compare signatures with botocore's.
"""

from __future__ import annotations

import time
from hashlib import sha256
from hmac import digest

ALGORITHM = "AWS4-HMAC-SHA256"
_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def moment_of(unix_time: float) -> str:
    """A time in the form that signatures have; its first eight characters are the day."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(unix_time))


class Hmac:
    """HMAC-SHA256 of one key (RFC 2104), whose two blocks are hashed once.

    ``hmac.digest`` hashes them every time, which is most of what a short text takes.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK, b"\0")  # a key of ours is a digest: shorter than a block
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def hexdigest(self, text: bytes) -> str:
        """The code of a text, in hex."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.hexdigest()


class ScopedKey:
    """Signs for one service in one region."""

    __slots__ = ("_kept", "_region", "_service")

    def __init__(self, region: str, service: str) -> None:
        self._region = region
        self._service = service
        self._kept: tuple[str, str, Hmac] = ("", "", Hmac(b""))

    def scope(self, moment: str) -> str:
        """The credential scope of a signature of that moment."""
        return f"{moment[:8]}/{self._region}/{self._service}/aws4_request"

    def text(self, moment: str) -> str:
        """What is signed, up to the hash of the canonical request."""
        return f"{ALGORITHM}\n{moment}\n{self.scope(moment)}\n"

    def signature(self, canonical: str, moment: str, secret_key: str) -> str:
        """The signature of a canonical request, in hex."""
        request = sha256(canonical.encode()).hexdigest()
        return self.of_day(moment, secret_key).hexdigest((self.text(moment) + request).encode())

    def of_day(self, moment: str, secret_key: str) -> Hmac:
        """The key of the moment's day."""
        day = moment[:8]
        kept_day, kept_secret, kept = self._kept
        if kept_day != day or kept_secret != secret_key:
            key = f"AWS4{secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = digest(key, part.encode(), "sha256")
            kept = Hmac(key)
            self._kept = (day, secret_key, kept)
        return kept
