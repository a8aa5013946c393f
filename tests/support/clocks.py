"""Time that passes only where somebody sleeps."""

from random import Random

from larder.aws.retries import Retries


class SleepingClock:
    """Seconds; every sleep is noted."""

    def __init__(self):
        self.now = 0.0
        self.sleeps = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.sleeps.append(seconds)


class Ticking:
    """Nanoseconds since the epoch: a millisecond later each time it is asked."""

    def __init__(self):
        self.nanos = 1_800_000_000 * 10**9

    def __call__(self):
        self.nanos += 1_000_000
        return self.nanos


def seeded_retries(seed, clock, **options):
    """Retries whose jitter is reproducible and whose pauses take no time."""
    return Retries(clock=clock, sleep=clock.sleep, random=Random(seed).random, **options)
