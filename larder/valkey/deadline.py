"""How long a call may still take."""

from __future__ import annotations

import time


class Deadline:
    """A moment some seconds from now."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, 0 where it has passed.

        A socket with a timeout of 0 still gives what has already arrived.
        """
        return max(0.0, self._at - time.monotonic())

    def share(self, parts: int) -> Deadline:
        """The end of an equal part of what is left."""
        return Deadline(self.remaining() / parts)
