"""When a request to a store is tried again: full jitter, a deadline, and a budget for all together.

Full jitter spreads the clients of a store that refuses for load (AWS, "Exponential Backoff And
Jitter"). The budget bounds what retries add to its load: each unit of work that is asked for pays
half a unit of repetition into it. So in the long run at most 1.5 units are sent for each one,
however long the store fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from larder.deadline import remaining
from larder.jitter import jitter


@dataclass(slots=True)
class Retries:
    """The policy, and the budget that all requests of a process share; seconds and units.

    A unit is one record asked for. ``savings`` is what the budget holds at first and at most: it
    lets a process that has just started repeat what it was refused.
    """

    base: float = 0.025
    longest: float = 0.4
    paid_in: float = 0.5
    savings: float = 5000.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = jitter
    balance: float = 0.0

    def __post_init__(self) -> None:
        """Begin with full savings."""
        self.balance = self.savings

    def begin(self, seconds: float, units: int = 1) -> Attempt:
        """Ask for ``units`` records, within so many seconds from now and the call's deadline."""
        self.balance = min(self.savings, self.balance + units * self.paid_in)
        return Attempt(self, self.clock() + min(seconds, remaining()), units)


@dataclass(slots=True)
class Attempt:
    """One request with its repetitions; ``units`` is what the next repetition asks for."""

    retries: Retries
    deadline: float
    units: int
    _tries: int = 0

    def remaining(self, at_most: float) -> float:
        """Seconds left to wait for an answer: positive, so that a late first try is made at all."""
        return max(0.001, min(at_most, self.deadline - self.retries.clock()))

    def again(self) -> bool:
        """Pause before another try, and say whether there is to be one."""
        retries = self.retries
        pause = retries.random() * min(retries.longest, retries.base * 2**self._tries)
        if retries.clock() + pause >= self.deadline or retries.balance < self.units:
            return False
        retries.balance -= self.units
        self._tries += 1
        retries.sleep(pause)
        return True
