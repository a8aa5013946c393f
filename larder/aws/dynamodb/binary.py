"""Binary values as DynamoDB's JSON carries them: base64 text.

pybase64 decodes with the CPU's vector instructions, six times as fast as Python's own ``binascii``:
of a BatchGetItem of 100 records that is a tenth of all we do. Functions on the lean layer have it;
elsewhere it is not needed.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import Any

try:
    from pybase64 import b64decode
except ImportError:

    def decoded(text: str) -> bytes:
        """The bytes of a base64 text."""
        return a2b_base64(text)

else:

    def decoded(text: str) -> bytes:
        """The bytes of a base64 text."""
        return b64decode(text, None, True)


def encoded(value: bytes) -> str:
    """The base64 text of bytes."""
    return b2a_base64(value, newline=False).decode("ascii")


def as_event(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as a Lambda event carries it: its binary values as base64 text."""
    return {
        name: {"B": encoded(value["B"])} if isinstance(value.get("B"), bytes) else value
        for name, value in item.items()
    }
