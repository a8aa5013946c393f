"""Lengths of time as definitions write them: a number and one letter, such as ``24h``.

Inside they are whole microseconds, as all times of a pipeline are.
"""

from __future__ import annotations

import re

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_FORM = re.compile(r"(\d{1,7})([smhd])", re.ASCII)
EXAMPLES = "write a number and s, m, h or d, for example 90s, 15m, 24h or 7d"


def micros_of(text: str) -> int | None:
    """Microseconds of a length of time, or ``None`` if it has another form."""
    match = _FORM.fullmatch(text)
    return None if match is None else int(match[1]) * _UNITS[match[2]]


def text_of(micros: int) -> str:
    """A length of time in its largest unit that divides it."""
    for letter, unit in reversed(_UNITS.items()):
        if micros and micros % unit == 0:
            return f"{micros // unit}{letter}"
    return f"{micros // SECOND}s"
