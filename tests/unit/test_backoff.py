"""How work off the hot path is tried again, by a clock on which only sleep takes time."""

import pytest

from larder.backoff import Backoff
from tests.support.clocks import SleepingClock


class Busy(Exception):
    pass


class Work:
    """Fails so many times, then is done; counts its tries."""

    def __init__(self, failures, error=Busy):
        self.failures, self.error, self.tries = failures, error, 0

    def __call__(self):
        self.tries += 1
        if self.tries <= self.failures:
            raise self.error(f"try {self.tries}")
        return "done"

    def poll(self):
        self.tries += 1
        return self.tries > self.failures


@pytest.fixture
def clock():
    return SleepingClock()


def backoff(clock, jitter=lambda: 1.0, **more):
    return Backoff(sleep=clock.sleep, jitter=jitter, **more)


def left(clock, seconds):
    return lambda: seconds - clock.now


def test_pauses_double_up_to_the_longest(clock):
    work = Work(6)
    found = backoff(clock, first=0.5, longest=4.0).call(
        work, after=(Busy,), remaining=left(clock, 100)
    )
    assert found == "done"
    assert clock.sleeps == [0.5, 1, 2, 4, 4, 4]


def test_the_jitter_is_full(clock):
    drawn = iter([0.0, 0.5, 0.25])
    backoff(clock, jitter=lambda: next(drawn), first=1.0).call(
        Work(3), after=(Busy,), remaining=left(clock, 100)
    )
    assert clock.sleeps == [0, 1, 1]


def test_no_pause_begins_that_would_outlast_the_time(clock):
    work = Work(99)
    with pytest.raises(Busy, match="try 3"):
        backoff(clock, first=1.0).call(work, after=(Busy,), remaining=left(clock, 7))
    assert (clock.sleeps, work.tries) == ([1, 2], 3)


def test_another_error_is_raised_at_once(clock):
    work = Work(1, ValueError)
    with pytest.raises(ValueError, match="try 1"):
        backoff(clock).call(work, after=(Busy,), remaining=left(clock, 100))
    assert (clock.sleeps, work.tries) == ([], 1)


@pytest.mark.parametrize(("seconds", "done", "tries"), [(100, True, 4), (2.5, False, 2)])
def test_polling_says_whether_it_ended_in_time(clock, seconds, done, tries):
    work = Work(3)
    found = backoff(clock, first=1.0).until(work.poll, remaining=left(clock, seconds))
    assert (found, work.tries) == (done, tries)


def test_an_error_ends_the_polling(clock):
    with pytest.raises(Busy):
        backoff(clock).until(Work(1), remaining=left(clock, 100))


def test_polling_may_go_on_for_days(clock):
    work = Work(5000)
    assert backoff(clock, longest=2.0).until(work.poll, remaining=left(clock, 1e9))
    assert max(clock.sleeps) == 2.0
