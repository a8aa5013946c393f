"""Measuring where others work too: CPU time of this process, repeated, the median kept."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """A median and the spread around it: half the distance between the quartiles."""

    value: float
    spread: float = 0.0


def figure(samples: list[float]) -> Figure:
    """The figure of some samples."""
    ordered = sorted(samples)
    quarter = len(ordered) // 4
    return Figure(median(ordered), (ordered[-1 - quarter] - ordered[quarter]) / 2)


def cpu_milliseconds(*calls: Callable[[], object], rounds: int = 15, count: int) -> list[Figure]:
    """CPU milliseconds of one call of each, taken in turn so that all see the same neighbours."""
    samples: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    gc.collect()
    for _ in range(rounds):
        for taken, call in zip(samples, calls, strict=True):
            start = time.process_time_ns()
            for _ in range(count):
                call()
            taken.append((time.process_time_ns() - start) / count / 1e6)
    return [figure(each) for each in samples]


def wall_milliseconds(call: Callable[[], object], *, rounds: int = 15, count: int) -> Figure:
    """The median of the rounds' median times of one call, waiting for its store included."""
    medians = []
    for _ in range(count // 4):
        call()
    gc.collect()
    for _ in range(rounds):
        taken = []
        for _ in range(count):
            start = time.perf_counter_ns()
            call()
            taken.append((time.perf_counter_ns() - start) / 1e6)
        medians.append(median(taken))
    return figure(medians)
