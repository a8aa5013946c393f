"""Lua that runs inside the server."""

from __future__ import annotations

from hashlib import sha1


class Script:
    """A script over one key. It must be idempotent: a call whose reply was lost may be repeated."""

    __slots__ = ("digest", "sha1", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # the name by which the server knows it, no matter of security
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest().encode()
        self.sha1 = self.digest.decode()
