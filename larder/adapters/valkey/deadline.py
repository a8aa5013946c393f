"""How long a call may still take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Deadline:
    """A moment some seconds from now; opening connections may put it off, by ``grace`` at most."""

    __slots__ = ("_at", "_grace")

    def __init__(self, seconds: float, grace: float = 0.0) -> None:
        self._at = time.monotonic() + seconds
        self._grace = grace

    def remaining(self) -> float:
        """Seconds left, 0 where it has passed.

        A socket with a timeout of 0 still gives what has already arrived.
        """
        return max(0.0, self._at - time.monotonic())

    def share(self, parts: int) -> Deadline:
        """The end of an equal part of what is left."""
        return Deadline(self.remaining() / parts, self._grace / parts)

    @contextmanager
    def connecting(self, at_most: float) -> Iterator[Deadline]:
        """The deadline of opening a connection; what that takes is given back, up to the grace."""
        start = time.monotonic()
        try:
            yield Deadline(min(self.remaining() + self._grace, at_most))
        finally:
            given = min(self._grace, time.monotonic() - start)
            self._grace -= given
            self._at += given
