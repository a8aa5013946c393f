"""How work off the hot path is tried again: full jitter over pauses that double, until a deadline.

Full jitter spreads those that wait for the same thing (AWS, "Exponential Backoff And Jitter").
Requests to the online store have a policy of their own, with a budget: ``larder.aws.retries``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import not_
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, retry_if_result
from tenacity.retry import retry_base

from larder.jitter import jitter

T = TypeVar("T")
_MOST_DOUBLINGS = 32  # keeps the power a float, however often something is tried


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between tries, in seconds: at most ``first``, then twice that, up to ``longest``.

    ``remaining`` of each method gives the seconds that are left. No pause begins that would
    outlast them.
    """

    first: float = 0.1
    longest: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = jitter

    def call(
        self,
        attempt: Callable[[], T],
        *,
        after: tuple[type[Exception], ...],
        remaining: Callable[[], float],
    ) -> T:
        """What the first try gives that raises none of the errors ``after`` which one follows.

        Raises:
            Exception: another error, or the last one when the time is over.
        """
        retrying = self._retrying(retry_if_exception_type(after), remaining)
        return retrying(attempt)

    def until(self, done: Callable[[], bool], *, remaining: Callable[[], float]) -> bool:
        """Call until it returns true; ``False`` if the time is over before."""
        retrying = self._retrying(retry_if_result(not_), remaining)
        return retrying.copy(retry_error_callback=lambda _state: False)(done)

    def _retrying(self, retry: retry_base, remaining: Callable[[], float]) -> Retrying:
        return Retrying(
            retry=retry,
            wait=self._pause,
            stop=lambda state: remaining() <= state.upcoming_sleep,
            sleep=self.sleep,
            reraise=True,
        )

    def _pause(self, state: RetryCallState) -> float:
        doublings = min(state.attempt_number - 1, _MOST_DOUBLINGS)
        return self.jitter() * min(self.longest, self.first * 2.0**doublings)
