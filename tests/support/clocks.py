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


def seeded_retries(seed, clock, **options):
    """Retries whose jitter is reproducible and whose pauses take no time."""
    return Retries(clock=clock, sleep=clock.sleep, random=Random(seed).random, **options)
