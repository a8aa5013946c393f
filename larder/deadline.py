"""How long a call may still take.

A call has one deadline, and all its parts share it: reads of the registry, requests to a store,
pauses, repetitions. The deadline travels with the call in a context variable, as a cancel scope of
Trio does. So no part can be forgotten, and no port has to pass it on. A thread that works for a
call does not inherit it: run such work in ``contextvars.copy_context()``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType

Clock = Callable[[], float]
_current: ContextVar[tuple[float, Clock] | None] = ContextVar("deadline", default=None)


class within:
    """A ``with`` statement whose body has so many seconds of ``clock``, or less where it is nested.

    Nothing is interrupted: code that waits or repeats asks ``remaining``.
    """

    __slots__ = ("_clock", "_seconds", "_token")

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock

    def __enter__(self) -> None:
        """Begin."""
        seconds = min(self._seconds, remaining())
        self._token: Token[tuple[float, Clock] | None] = _current.set(
            (self._clock() + seconds, self._clock)
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the deadline around this one back."""
        _current.reset(self._token)


def remaining() -> float:
    """Seconds until the call's deadline: 0 or less where it has passed, infinity without one."""
    current = _current.get()
    if current is None:
        return math.inf
    at, clock = current
    return at - clock()
