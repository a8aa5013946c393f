"""Connections that are open and not in use, shared by a process's threads."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from select import POLLIN, poll
from typing import Generic, Protocol, TypeVar

_LONGEST_IDLE = 50.0
"""Seconds; a firewall on the way may have forgotten an idle connection without a sign."""
_SURELY_OPEN = 1.0
"""Seconds within which a connection is used again without a check."""


class IdleConnection(Protocol):
    """A connection that can be kept."""

    def is_readable(self) -> bool:
        """Whether the server sent something unasked: that it closes, or garbage."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=IdleConnection)


def is_readable(connected: socket.socket) -> bool:
    """Whether something arrived that no request asked for, or the other side has closed.

    By ``poll``, which unlike ``select`` takes any descriptor of a process that has thousands.
    """
    look = poll()
    look.register(connected, POLLIN)
    return bool(look.poll(0))


def _nothing() -> None:
    """Do nothing."""


class IdleConnections(Generic[C]):
    """A stack: the one used last is used first.

    ``on_closed`` is called for each connection that the server has closed.
    """

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
        """A connection that is probably open; ``None`` if there is no such connection."""
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
        except IndexError:  # tried, not checked first: another thread may come between
            return None
