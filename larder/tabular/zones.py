"""Times without a zone, which name no instant."""

from __future__ import annotations

from datetime import datetime

from larder.errors import ValidationError


def refuse_naive(values: list[object], name: str) -> None:
    """Refuse Python datetimes without a zone, which Arrow takes for UTC beside aware ones.

    Raises:
        ValidationError: naming the first.
    """
    for number, value in enumerate(values):
        if isinstance(value, datetime) and value.utcoffset() is None:
            raise ValidationError(
                f"label column {name!r}, row {number}: {value} has no time zone: make it aware"
            )
