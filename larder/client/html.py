"""HTML of results in notebooks: plain tables, every text escaped, no style sheet, no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from html import escape
from typing import Any, TypeVar

T = TypeVar("T")
_MOST_ROWS = 50
_LONGEST = 200


def facts(title: str, pairs: Mapping[str, object]) -> str:
    """A heading, and a row for each name that has a value."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{_text(name)}</th>"
        f"<td style='text-align:left'>{_text(value)}</td></tr>"
        for name, value in pairs.items()
        if value is not None
    )
    return f"<div><strong>{_text(title)}</strong><table>{rows}</table></div>"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A heading and a table, cut after 50 rows with their full number."""
    every = list(rows)
    head = "".join(f"<th>{_text(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
        for row in every[:_MOST_ROWS]
    )
    more = f"<p>… {len(every):,} rows in all</p>" if len(every) > _MOST_ROWS else ""
    return (
        f"<div><strong>{_text(title)}</strong>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
    )


def as_shown(kind: type[T], found: Any) -> T:  # noqa: ANN401 - the base dataclass of kind
    """A use case's result as the subclass that has an HTML form."""
    return kind(**{each.name: getattr(found, each.name) for each in fields(found)})


def _text(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
