"""Waiting for something that can be observed, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(observe: Callable[[], T], *, seconds: float, pause: float = 0.25) -> T:
    """Call until the answer is true, and return it.

    Raises:
        AssertionError: it was not in time; the last answer is in the message.
    """
    deadline = time.monotonic() + seconds
    while not (seen := observe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s; the last answer was {seen!r}")
        time.sleep(pause)
    return seen


def until(instant: float) -> None:
    """Return when the clock shows ``instant``, seconds since the epoch."""
    while (left := instant - time.time()) > 0:
        time.sleep(left)
