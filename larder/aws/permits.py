"""So many at once: a semaphore for what happens in microseconds."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Permits:
    """At most ``count`` holders at a time.

    A queue in C, because the semaphores of ``threading`` are Python: they take 0.8 us where this
    takes 0.1.
    """

    def __init__(self, count: int) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)

    def acquire(self, timeout: float) -> bool:
        """Hold one, within so many seconds; whether it is held."""
        try:
            self._free.get(timeout=timeout)
        except Empty:
            return False
        return True

    def release(self) -> None:
        """Give back one that is held."""
        self._free.put(None)
