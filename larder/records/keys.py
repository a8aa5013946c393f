"""The sort key of a record, by which DynamoDB and Valkey alike find it."""

from __future__ import annotations

from hashlib import sha256

_SURELY_SHORT = 256
"""Characters; none takes more than four bytes."""


def sort_key(identifier: str) -> str:
    """Sort key of a record's item."""
    if len(identifier) < _SURELY_SHORT:
        return f"r{identifier}"
    raw = identifier.encode()
    return f"r{identifier}" if len(raw) < 1024 else f"h{sha256(raw).hexdigest()}"
