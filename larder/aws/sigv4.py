"""AWS Signature Version 4, with the day's key kept.

Source: AWS, "Create a signed AWS API request". Tests compare signatures with botocore's.
"""

from __future__ import annotations

import time
from hashlib import sha256
from hmac import digest

ALGORITHM = "AWS4-HMAC-SHA256"


def moment_of(unix_time: float) -> str:
    """A time in the form that signatures have; its first eight characters are the day."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(unix_time))


class ScopedKey:
    """Signs for one service in one region."""

    __slots__ = ("_kept", "_region", "_service")

    def __init__(self, region: str, service: str) -> None:
        self._region = region
        self._service = service
        self._kept: tuple[str, str, bytes] = ("", "", b"")

    def scope(self, moment: str) -> str:
        """The credential scope of a signature of that moment."""
        return f"{moment[:8]}/{self._region}/{self._service}/aws4_request"

    def signature(self, canonical: str, moment: str, secret_key: str) -> str:
        """The signature of a canonical request, in hex."""
        request = sha256(canonical.encode()).hexdigest()
        text = f"{ALGORITHM}\n{moment}\n{self.scope(moment)}\n{request}"
        return digest(self._key(moment[:8], secret_key), text.encode(), "sha256").hex()

    def _key(self, day: str, secret_key: str) -> bytes:
        kept_day, kept_secret, key = self._kept
        if kept_day != day or kept_secret != secret_key:
            key = f"AWS4{secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = digest(key, part.encode(), "sha256")
            self._kept = (day, secret_key, key)
        return key
