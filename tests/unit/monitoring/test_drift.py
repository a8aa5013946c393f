"""M3 and reliability row 19: effect sizes of drift against a reference, and what alarms."""

import math

import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import entropy, kstwobign

from larder.drift import (
    jensen_shannon,
    kolmogorov_smirnov,
    largest_gap,
    population_stability,
)
from larder.monitoring.columns import Column
from larder.monitoring.constraints import suggested
from larder.monitoring.judge import judge
from larder.monitoring.statistics import FEW_VALUES, ColumnStatistics, Statistics, inner_edges
from larder.monitoring.violations import Check
from tests.support.monitoring import bounded, statistics

SEEDS = range(200)
KINDS = ("normal", "uniform", "exponential", "lognormal", "bimodal", "poisson", "laplace", "beta")


def sample(seed, rows, shift=0.0):
    """Rows of the seed's distribution; the shift is in its standard deviations."""
    shapes, rng = (
        np.random.default_rng(seed),
        np.random.default_rng((seed, rows, round(shift * 100) + 100)),
    )
    kind, scale, centre = KINDS[seed % len(KINDS)], shapes.uniform(0.1, 100), shapes.normal(0, 50)
    sigma, mean, a, b = shapes.uniform(0.2, 0.8), shapes.uniform(3, 40), *shapes.uniform(0.7, 5, 2)
    match kind:
        case "normal":
            plain, deviation = rng.normal(size=rows), 1.0
        case "uniform":
            plain, deviation = rng.uniform(size=rows), math.sqrt(1 / 12)
        case "exponential":
            plain, deviation = rng.exponential(size=rows), 1.0
        case "lognormal":
            plain = rng.lognormal(sigma=sigma, size=rows)
            deviation = math.sqrt((math.exp(sigma**2) - 1) * math.exp(sigma**2))
        case "bimodal":
            plain = rng.normal(size=rows) + np.where(rng.random(rows) < 0.5, -2.0, 2.0)
            deviation = math.sqrt(5)
        case "poisson":
            plain, deviation = rng.poisson(mean, rows).astype(float), math.sqrt(mean)
        case "laplace":
            plain, deviation = rng.laplace(size=rows), math.sqrt(2)
        case _:
            plain = rng.beta(a, b, rows)
            deviation = math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    return centre + scale * (plain + shift * deviation)


def histograms(seed, rows=10_000, shift=0.0):
    before, now = sample(seed, 20_000), sample(seed, rows, shift)
    values = sorted(set(before.tolist()))
    deciles = np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf").tolist()
    edges = inner_edges(deciles, values if len(values) <= FEW_VALUES else ())
    return edges, before, now


def counts(values, edges):
    return tuple(
        np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1).tolist()
    )


def judged(seed, rows, shift):
    edges, before, now = histograms(seed, rows, shift)
    sides = [
        Statistics(
            len(values),
            (
                ColumnStatistics(
                    "x",
                    len(values),
                    0,
                    mean=float(values.mean()),
                    edges=edges,
                    counts=counts(values, edges),
                ),
            ),
        )
        for values in (before, now)
    ]
    found = judge(*sides, suggested(sides[0]))
    return any(each.check is Check.DRIFT for each in found.violations)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_distances_equal_a_reference_over_seeded_distributions(seed):
    edges, before, now = histograms(seed, 5_000, (seed % 11) / 10)
    left, right = counts(before, edges), counts(now, edges)
    p, q = np.array(left) + 0.5, np.array(right) + 0.5
    reference = entropy(p, q) + entropy(q, p)
    assert population_stability(left, right) == pytest.approx(reference, rel=1e-9, abs=1e-9)
    wanted = distance.jensenshannon(left, right, base=2)
    assert jensen_shannon(left, right) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_no_more_than_one_false_alarm_in_a_hundred():
    assert sum(judged(seed, 2_000, 0.0) for seed in SEEDS) <= len(SEEDS) * 0.01


@pytest.mark.parametrize("shift", [0.5, -0.5])
def test_half_a_deviation_is_found_in_ninety_nine_of_a_hundred(shift):
    assert sum(judged(seed, 2_000, shift) for seed in SEEDS) >= len(SEEDS) * 0.99


@pytest.mark.parametrize("shift", [0.05, -0.05])
def test_a_twentieth_of_a_deviation_at_100_000_rows_is_silent(shift):
    assert sum(judged(seed, 100_000, shift) for seed in SEEDS[:40]) == 0


def test_a_p_value_is_shown_and_does_not_alarm():
    before = (10_000,) * 10
    sides = [
        Statistics(100_000, (ColumnStatistics("x", 100_000, 0, counts=each),))
        for each in (before, (9_400,) * 5 + (10_600,) * 5)
    ]
    found = judge(*sides, suggested(sides[0]))
    assert found.drifts[0].ks_p_value < 1e-9
    assert found.violations == ()


def test_the_p_value_is_that_of_two_samples():
    before, now = (500,) * 10, (560, *(500,) * 8, 440)
    found, p = kolmogorov_smirnov(before, now)
    assert found == pytest.approx(0.012)
    root = math.sqrt(2_500)
    assert p == pytest.approx(float(kstwobign.sf((root + 0.12 + 0.11 / root) * found)), abs=1e-12)


def test_sides_without_values_are_not_apart():
    for distance_of in (population_stability, jensen_shannon, largest_gap):
        assert distance_of((0, 0), (5, 5)) == 0.0
    assert kolmogorov_smirnov((0, 0), (5, 5)) == (0.0, 1.0)


def test_statistics_of_both_engines_shapes_feed_the_same_judge():
    rng = np.random.default_rng(7)
    columns = (Column("x", 1), Column("score", 0))
    before, buckets = statistics(rng.normal(size=(5_000, 1)), columns)
    shifted = rng.normal(size=(5_000, 1)) + 0.5
    now, _ = statistics(shifted, columns, buckets=bounded(buckets, before))
    found = judge(before, now, suggested(before))
    assert [(each.feature, each.check) for each in found.violations] == [("x", Check.DRIFT)]
