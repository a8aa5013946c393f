"""The sort key of a record, by which DynamoDB and Valkey alike find it."""

from __future__ import annotations

from hashlib import sha256

PLAIN = "r"
"""Prefix of a sort key that has the identifier itself."""
HASHED_FROM_BYTES = 1024
"""Identifiers of that size on are hashed: DynamoDB takes 1,024 bytes, the prefix included."""
_SURELY_SHORT = 256
"""Characters; none takes more than four bytes."""


def sort_key(identifier: str) -> str:
    """Sort key of a record's item."""
    if len(identifier) < _SURELY_SHORT:
        return f"{PLAIN}{identifier}"
    raw = identifier.encode()
    return f"{PLAIN}{identifier}" if len(raw) < HASHED_FROM_BYTES else f"h{sha256(raw).hexdigest()}"
