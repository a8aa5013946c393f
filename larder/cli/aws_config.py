"""Edits of an AWS config file that leave what they don't touch, comments included, as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEADER = re.compile(r"\[\s*(?P<name>[^\]]*?)\s*\]")
_SETTING = re.compile(r"(?P<name>[^\s=#;\[][^=]*?)\s*=\s*(?P<value>.*?)\s*$")


def value_of(text: str, section: str, name: str) -> str | None:
    """A setting's value in a section, or ``None``."""
    for line in _body(text.splitlines(), section):
        match = _SETTING.match(line)
        if match and match["name"] == name:
            return match["value"]
    return None


def updated_section(text: str, section: str, settings: Mapping[str, str]) -> str:
    """The file with these settings in a section, over those of the same names.

    A value that begins with a line break is of several lines, each indented.
    """
    kept: list[str] = []
    dropping = False
    for line in _body(text.splitlines(), section):
        match = _SETTING.match(line)
        if match:
            dropping = match["name"] in settings
        elif not line.startswith((" ", "\t")):
            dropping = False
        if not dropping:
            kept.append(line)
    return _replaced(text, section, [*(_line(n, v) for n, v in settings.items()), *kept])


def _line(name: str, value: str) -> str:
    return f"{name} ={value}" if value.startswith("\n") else f"{name} = {value}"


def _replaced(text: str, section: str, body: list[str]) -> str:
    """The file with this as a section's whole body; a section that is not there comes last."""
    lines = text.splitlines()
    start, end = _place(lines, section)
    before, rest = lines[:start], lines[end:]
    if not rest and before and before[-1].strip():
        before.append("")
    return "\n".join([*before, f"[{section}]", *body, *rest]) + "\n"


def _body(lines: list[str], section: str) -> list[str]:
    start, end = _place(lines, section)
    return lines[start + 1 : end]


def _place(lines: list[str], section: str) -> tuple[int, int]:
    """Where a section's header is and where its body ends; both the file's end if it has none."""
    headers = [
        (place, " ".join(match["name"].split()))
        for place, line in enumerate(lines)
        if (match := _HEADER.match(line))
    ]
    for index, (place, name) in enumerate(headers):
        if name == section:
            end = headers[index + 1][0] if index + 1 < len(headers) else len(lines)
            return place, end
    return len(lines), len(lines)
