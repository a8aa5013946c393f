"""Floats in JSON, all of them: NaN is ``null``, infinities are texts."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, nan

Number = float | str | None
_TEXTS = {"Infinity": inf, "-Infinity": -inf}


def written(values: Sequence[float]) -> Sequence[Number]:
    """The values as JSON has them."""
    if all(map(isfinite, values)):
        return values if isinstance(values, list) else list(values)
    return [_written(each) for each in values]


def parsed(values: object) -> list[float]:
    """The values again.

    Raises:
        ValueError: it is no list of numbers.
    """
    if not isinstance(values, list):
        raise ValueError(f"a list of numbers was expected, not a {type(values).__name__}")
    return [number(each) for each in values]


def _written(value: float) -> Number:
    if value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return None
    return value if isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def is_text(value: object) -> bool:
    """Whether a value is a text that spells no number."""
    return isinstance(value, str) and value not in _TEXTS


def number(value: object) -> float:
    """One value again; raises ``ValueError``."""
    if value is None:
        return nan
    if isinstance(value, str) and value in _TEXTS:
        return _TEXTS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a number was expected, not a {type(value).__name__}")
    return float(value)
