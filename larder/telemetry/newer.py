"""Items of a newer release among many: each is passed over, and the log says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from larder.errors import NewerFormat
from larder.telemetry.log import Log, to_stderr

Stored = TypeVar("Stored")
T = TypeVar("T")
Unread = Callable[[NewerFormat], None]
"""Called with each item of many that a newer release wrote."""


def warn_of(error: NewerFormat) -> None:
    """Say on standard error, which a function's log keeps too, that an item was passed over."""
    Log(write=to_stderr).line("WARNING", message="passed over", error=str(error))


def refuse(error: NewerFormat) -> None:
    """Raise it: for who must know of every item."""
    raise error


def readable(
    items: Iterable[Stored], read: Callable[[Stored], T], unread: Unread = warn_of
) -> Iterator[T]:
    """What is read of many items; ``unread`` hears of those that a newer release wrote."""
    for item in items:
        try:
            found = read(item)
        except NewerFormat as error:
            unread(error)
        else:
            yield found
