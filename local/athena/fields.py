"""Members of a request document, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.athena.errors import RequestRefused

Document = Mapping[str, Any]


def string(asked: Document, name: str, *, default: str | None = None, longest: int = 1024) -> str:
    """A string member; one without default must be there and not be empty."""
    value = asked.get(name)
    if value is None:
        value = default
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise RequestRefused(f"{name} must be a string that is not empty; it is {value!r}")
    if len(value) > longest:
        message = f"{name} has {len(value)} characters; at most {longest} are allowed"
        raise RequestRefused(message)
    return value


def strings(asked: Document, name: str) -> tuple[str, ...]:
    """A list of strings, empty if it is not given."""
    value = asked.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RequestRefused(f"{name} must be a list of strings")
    return tuple(value)


def mapping(asked: Document, name: str) -> dict[str, Any]:
    """A structure, empty if it is not given."""
    value = asked.get(name) or {}
    if not isinstance(value, dict):
        raise RequestRefused(f"{name} must be a structure")
    return value


def integer(asked: Document, name: str, *, default: int, least: int, most: int) -> int:
    """An integer within its limits."""
    value = asked.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RequestRefused(f"{name} is {value!r}; give a number from {least} to {most}")
    return value


def page_start(asked: Document) -> int:
    """Where the page of ``NextToken`` begins; 0 for the first."""
    token = asked.get("NextToken")
    if token is None:
        return 0
    if not isinstance(token, str) or not (token.isascii() and token.isdigit()):
        raise RequestRefused(f"NextToken {token!r} was not given out by this endpoint")
    return int(token)
