"""Waiting for an observable condition, with a deadline that a busy machine does not come to."""

import time

PATIENCE = 120
"""Seconds after which what was waited for is taken not to come. A test that passes never waits so
long: it is no limit that a test holds anything against."""


def eventually(condition, *, seconds=PATIENCE, every=0.25):
    """Return the first true value of ``condition()``; fail once the deadline has passed."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: last seen {found!r}"
        time.sleep(every)
    return found
