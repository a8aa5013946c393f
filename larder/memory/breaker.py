"""A circuit breaker: after several failures in a row a store is not called for a while.

Source of the pattern: Nygard, "Release It!"; a store that is down costs the few calls that find it
out. After that it costs one call each ``pause`` that finds out whether it is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Closed while calls succeed, open after ``failures`` in a row, tried each ``pause`` seconds.

    Threads may share one: a race costs a call too many, never a wrong state for long.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        pause: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._pause = pause
        self._clock = clock
        self._failed = 0
        self._next_try = 0.0
        self.opened = 0
        """How often it went from closed to open."""

    def allows(self) -> bool:
        """Whether a call may be made now; where it is open, this call is the one that tries."""
        if self._failed < self._failures:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        self._next_try = now + self._pause
        return True

    def failed(self) -> None:
        """A call had no answer."""
        self._failed += 1
        if self._failed == self._failures:
            self.opened += 1
            self._next_try = self._clock() + self._pause

    def succeeded(self) -> bool:
        """A call was answered; whether that has just closed the breaker."""
        was_open = self._failed >= self._failures
        self._failed = 0
        return was_open
