"""Requests as the bytes that are sent: RESP arrays of bulk strings.

This is the only module that knows how a request is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha1

from hiredis import pack_command

END = b"\r\n"
BULK_LENGTH = b"$"
"""What goes before the length of a bulk string; ``END`` follows the length, and the string."""
ASKING = b"*1\r\n$6\r\nASKING\r\n"
CLUSTER_SLOTS = b"*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n"


class Script:
    """A Lua script over one key.

    It must be idempotent: a call whose reply was lost may be repeated. ``digest`` is its name at
    the server.
    """

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest().encode()


def get_requests(keys: Iterable[bytes]) -> list[bytes]:
    """``GET`` of each key."""
    return [b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(key), key) for key in keys]


def delete_requests(keys: Iterable[bytes]) -> list[bytes]:
    """``DEL`` of each key."""
    return [b"*2\r\n$3\r\nDEL\r\n$%d\r\n%b\r\n" % (len(key), key) for key in keys]


def script_requests(script: Script, calls: Iterable[tuple[bytes, Sequence[bytes]]]) -> list[bytes]:
    """``EVALSHA`` with one key for each of ``calls``."""
    digest = script.digest
    return [_packed(b"EVALSHA", digest, b"1", key, *args) for key, args in calls]


def script_head(script: Script, *, arguments: int) -> bytes:
    """The beginning of ``EVALSHA`` with one key; key and arguments follow as bulk strings."""
    words = (b"EVALSHA", script.digest, b"1")
    return b"*%d\r\n" % (len(words) + 1 + arguments) + b"".join(map(bulk_string, words))


def bulk_string(value: bytes) -> bytes:
    """A bulk string."""
    return BULK_LENGTH + b"%d\r\n%b\r\n" % (len(value), value)


def load_request(script: Script) -> bytes:
    """``SCRIPT LOAD``."""
    return _packed(b"SCRIPT", b"LOAD", script.text.encode())


def auth_request(user: str, password: str) -> bytes:
    """``AUTH`` by user and password."""
    return _packed(b"AUTH", user.encode(), password.encode())


def _packed(*words: bytes) -> bytes:
    packed: bytes = pack_command(words)  # type: ignore[arg-type]  # its stub says: one word
    return packed
