"""Connections that are open and not in use, shared by a process's threads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_LONGEST_IDLE = 50.0
"""Seconds; a firewall between may have forgotten an idle connection without telling anybody."""
_SURELY_OPEN = 1.0
"""Seconds within which a connection is used again without a look at it."""


class IdleConnection(Protocol):
    """What is kept."""

    def is_readable(self) -> bool:
        """Whether the server has sent something unasked: that it closes, or rubbish."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=IdleConnection)


def _nothing() -> None:
    """Nobody wants to know."""


class IdleConnections(Generic[C]):
    """The one used last is used first; ``on_closed`` is told of each that the server closed."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_closed: Callable[[], None] = _nothing,
    ) -> None:
        self._clock = clock
        self._on_closed = on_closed
        self._idle: deque[tuple[float, C]] = deque()

    def put(self, connection: C) -> None:
        """Keep a connection; no reply to any request may be outstanding on it."""
        self._idle.append((self._clock(), connection))

    def take(self) -> C | None:
        """A connection that is probably open; None where there is none."""
        while (kept := self._pop()) is not None:
            since, connection = kept
            idle = self._clock() - since
            if idle < _SURELY_OPEN:
                return connection
            if connection.is_readable():
                self._on_closed()
            elif idle < _LONGEST_IDLE:
                return connection
            connection.close()
        return None

    def close(self) -> None:
        """Close all of them; more may be put here afterwards."""
        while (kept := self._pop()) is not None:
            kept[1].close()

    def _pop(self) -> tuple[float, C] | None:
        try:
            return self._idle.pop()
        except IndexError:  # asked, not looked at first: another thread may come between
            return None
