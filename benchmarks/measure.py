"""Measuring where others work too: many short rounds, in turn with the peer's, the median kept.

Two hosts of one kind differ by more than a factor of two in every time. So does one host from hour
to hour. What holds is the ratio of two rounds that follow each other.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Figure:
    """A median and the spread around it: half the distance between the quartiles.

    ``samples`` are in the order of the rounds.
    """

    value: float
    spread: float = 0.0
    samples: tuple[float, ...] = ()

    def over(self, other: Figure) -> Figure:
        """This divided by another, round by round where both were measured in the same rounds."""
        pairs = list(zip(self.samples, other.samples, strict=False))
        if len(pairs) == len(self.samples) == len(other.samples) > 1:
            return figure([mine / others for mine, others in pairs])
        return Figure(self.value / other.value)


def figure(samples: list[float]) -> Figure:
    """The figure of some samples."""
    ordered = sorted(samples)
    quarter = len(ordered) // 4
    spread = (ordered[-1 - quarter] - ordered[quarter]) / 2
    return Figure(median(ordered), spread, tuple(samples))


def in_turn(*rounds: Callable[[], float], times: int = ROUNDS) -> list[Figure]:
    """A sample of each, in turn, so often; each gives one round's figure."""
    samples: list[list[float]] = [[] for _ in rounds]
    gc.collect()
    for _ in range(times):
        for taken, one_round in zip(samples, rounds, strict=True):
            taken.append(one_round())
    return [figure(each) for each in samples]


def cpu_round(call: Callable[[], object], count: int) -> Callable[[], float]:
    """A round of ``count`` calls: the mean CPU milliseconds of one in this process."""
    call()

    def one_round() -> float:
        start = time.process_time_ns()
        for _ in range(count):
            call()
        return (time.process_time_ns() - start) / count / 1e6

    return one_round


def wall_round(call: Callable[[], object], count: int) -> Callable[[], float]:
    """A round of ``count`` calls: the median milliseconds of one, its store's time included."""
    call()

    def one_round() -> float:
        taken = []
        for _ in range(count):
            start = time.perf_counter_ns()
            call()
            taken.append((time.perf_counter_ns() - start) / 1e6)
        return median(taken)

    return one_round


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and those it starts in the block, on one core.

    The hypervisor has to wake a stub that sleeps on another core of a virtual machine. The process
    that wakes it pays: 10 to 80 µs a call, by what else the machine does at that moment. No store
    on another machine costs that. On one core it is an ordinary change of process.
    """
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
