"""Date patterns of Java and Joda (``yyyy-MM-dd``) as strftime's (``%Y-%m-%d``)."""

from __future__ import annotations

import re

from local.athena.errors import not_supported

_LETTERS = {
    **{"yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m"},
    **{"dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "mm": "%M", "ss": "%S"},
    **{"SSSSSS": "%f", "SSS": "%g", "EEEE": "%A", "EEE": "%a", "a": "%p", "DDD": "%j"},
}
_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def strftime_format(pattern: str) -> str:
    """The pattern as DuckDB's strftime takes it.

    Raises:
        QueryFailed: NOT_SUPPORTED, naming the letters that can't be translated.
    """
    return "".join(map(_translated, _PART.finditer(pattern)))


def _translated(match: re.Match[str]) -> str:
    part = match.group()
    if part.startswith("'"):
        return (match.group(1).replace("''", "'") or "'").replace("%", "%%")
    if not match.group(2):
        return part.replace("%", "%%")
    if part not in _LETTERS:
        raise not_supported(f"'{part}' in a date pattern", f"use {', '.join(_LETTERS)}")
    return _LETTERS[part]
