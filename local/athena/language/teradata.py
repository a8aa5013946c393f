"""Date patterns of Trino's Teradata functions (``yyyy-mm-dd hh24:mi:ss``) as strftime's.

Source: Trino's documentation, "Teradata functions". Specifiers are lower-case; Athena has
``to_timestamp`` and ``to_date`` of them, which the SageMaker SDK's ``as_of`` uses.
"""

from __future__ import annotations

import re

from local.athena.errors import not_supported

_SPECIFIERS = {
    **{"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d"},
    **{"hh24": "%H", "hh": "%I", "mi": "%M", "ss": "%S"},
}
_PART = re.compile("|".join([*_SPECIFIERS, r"[-/,.;: ]", r"(.)"]), re.DOTALL)


def strftime_format(pattern: str) -> str:
    """The pattern as DuckDB's strptime and strftime take it.

    Raises:
        QueryFailed: NOT_SUPPORTED, naming the character that is no specifier.
    """
    return "".join(map(_translated, _PART.finditer(pattern)))


def _translated(match: re.Match[str]) -> str:
    if match.group(1):
        raise not_supported(f"'{match.group(1)}' in a Teradata pattern", _KNOWN)
    return _SPECIFIERS.get(match.group(), match.group())


_KNOWN = f"use {', '.join(_SPECIFIERS)}, and - / , . ; : or a blank between them"
