"""Waiting for an observable condition, with a deadline."""

import time


def eventually(condition, *, seconds=40, every=0.25):
    """Return the first true value of ``condition()``; fail once the deadline has passed."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: last seen {found!r}"
        time.sleep(every)
    return found
