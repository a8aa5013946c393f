"""How far two histograms are apart: the numbers that alarms are made of, and those that are shown.

The population stability index is the symmetric Kullback-Leibler divergence of both sides' shares,
in nats. Half a value is added to every bucket, so that an empty one does not make it infinite.
Source: Lin 1991 for Jensen-Shannon; Krichevsky and Trofimov 1981 for the
half. Two normal distributions that are d deviations apart have an index of d² without buckets. With
ten buckets it is some 5 % less.

The Kolmogorov-Smirnov p-value is shown and never alarms. With enough rows the smallest shift is
significant, and says nothing of its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

_HALF = 0.5
_TERMS = 100


def population_stability(baseline: Sequence[int], current: Sequence[int]) -> float:
    """The population stability index of two histograms over the same buckets; 0 if one is empty."""
    if not sum(baseline) or not sum(current):
        return 0.0
    pairs = zip(_smoothed(baseline), _smoothed(current), strict=True)
    return math.fsum((found - expected) * math.log(found / expected) for expected, found in pairs)


def jensen_shannon(baseline: Sequence[int], current: Sequence[int]) -> float:
    """The Jensen-Shannon distance of two histograms: the root of the divergence, from 0 to 1."""
    if not sum(baseline) or not sum(current):
        return 0.0
    left, right = _shares(baseline), _shares(current)
    middle = [(one + other) / 2 for one, other in zip(left, right, strict=True)]
    divergence = (_divergence(left, middle) + _divergence(right, middle)) / 2
    return math.sqrt(max(0.0, divergence / math.log(2)))


def kolmogorov_smirnov(baseline: Sequence[int], current: Sequence[int]) -> tuple[float, float]:
    """The greatest distance of both distributions at the edges, and its asymptotic p-value.

    Within a bucket they may be farther apart, so the true distance is never less.
    """
    rows, others = sum(baseline), sum(current)
    if not rows or not others:
        return 0.0, 1.0
    left, right = accumulate(_shares(baseline)), accumulate(_shares(current))
    distance = max(abs(one - other) for one, other in zip(left, right, strict=True))
    effective = math.sqrt(rows * others / (rows + others))
    return distance, _kolmogorov((effective + 0.12 + 0.11 / effective) * distance)


def largest_gap(baseline: Sequence[int], current: Sequence[int]) -> float:
    """The greatest difference of the shares of a bucket: SageMaker's ``LInfinity``."""
    if not sum(baseline) or not sum(current):
        return 0.0
    pairs = zip(_shares(baseline), _shares(current), strict=True)
    return max((abs(one - other) for one, other in pairs), default=0.0)


def _kolmogorov(value: float) -> float:
    """P(K > value). Below 0.2 the series does not converge, and P is 1 to twelve digits."""
    if value < 0.2:
        return 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2 * k * k * value * value) for k in range(1, _TERMS))
    return min(1.0, max(0.0, 2 * math.fsum(terms)))


def _divergence(shares: Sequence[float], middle: Sequence[float]) -> float:
    pairs = zip(shares, middle, strict=True)
    return math.fsum(one * math.log(one / other) for one, other in pairs if one > 0)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [each / total for each in counts]


def _smoothed(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + _HALF * len(counts)
    return [(each + _HALF) / total for each in counts]
