"""Instants as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from larder.errors import ValidationError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros_of(text: str, what: str) -> int:
    """Microseconds since the epoch of an ISO-8601 instant, or of a date of UTC.

    ``what`` names the argument in the error.

    Raises:
        ValidationError: it is no such text.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationError(
            f"{what}: {text[:60]!r} is no ISO-8601 instant: write 2026-11-27 or "
            f"2026-11-27T12:00:00Z."
        ) from None
    at = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return (at - _EPOCH) // timedelta(microseconds=1)
