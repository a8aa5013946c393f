"""The statistics of an experiment against known values."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.models.experiment import (
    Gathered,
    Sample,
    chi_square_survival,
    difference,
    split_test,
    t_quantile,
)


# Critical values: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4 (chi-square).
@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    [
        (3.841, 1, 0.05),
        (6.635, 1, 0.01),
        (5.991, 2, 0.05),
        (9.210, 2, 0.01),
        (7.815, 3, 0.05),
        (9.488, 4, 0.05),
        (18.307, 10, 0.05),
        (24.725, 11, 0.01),
        (13.816, 2, 0.001),
    ],
)
def test_chi_square_has_the_tables_values(statistic, degrees, p):
    assert chi_square_survival(statistic, degrees) == pytest.approx(p, rel=2e-3)


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 9])
def test_chi_square_of_nothing_is_sure(degrees):
    assert chi_square_survival(0.0, degrees) == 1.0


# NIST/SEMATECH e-Handbook, 1.3.6.7.2 (Student's t, two-sided 95 %).
@pytest.mark.parametrize(
    ("degrees", "t"),
    [(3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (100, 1.984), (1e9, 1.960)],
)
def test_students_t_has_the_tables_values(degrees, t):
    assert t_quantile(0.975, degrees) == pytest.approx(t, rel=3e-3)


def test_an_even_split_is_no_suspect_and_an_uneven_one_is():
    even = split_test({"A": 7010, "B": 2990}, {"A": 7000, "B": 3000})
    assert even.statistic == pytest.approx(100 / 7000 + 100 / 3000)
    assert (even.degrees, even.is_suspect) == (1, False)
    assert split_test({"A": 7300, "B": 2700}, {"A": 7000, "B": 3000}).is_suspect


def test_a_variant_that_is_never_met_counts():
    assert split_test({"A": 1000}, {"A": 500.0, "B": 500.0}).is_suspect


def test_units_of_a_variant_without_weight_are_no_chance():
    assert split_test({"A": 1000, "B": 1}, {"A": 1001.0, "B": 0.0}).p_value == 0.0


def test_one_variant_is_no_split():
    assert split_test({"A": 10}, {"A": 10.0}).p_value is None


def test_welch_has_the_known_interval():
    """Two samples worked by hand: variances 4/10 and 9/20, t(25.4) = 2.0579."""
    got = difference(Sample(10, 12.0, 4.0), Sample(20, 10.0, 9.0))
    degrees = (0.4 + 0.45) ** 2 / (0.4**2 / 9 + 0.45**2 / 19)
    assert got.degrees == pytest.approx(degrees)
    half = 2.0579 * math.sqrt(0.85)
    assert (got.low, got.high) == pytest.approx((2 - half, 2 + half), rel=1e-3)


@pytest.mark.parametrize("small", [Sample(0, 0, 0), Sample(1, 3, 0)])
def test_a_sample_that_is_too_small_has_no_interval(small):
    got = difference(Sample(50, 1.0, 1.0), small)
    assert (got.difference, got.low, got.high) == (1.0 - small.mean, None, None)


def test_values_without_spread_have_an_interval_of_no_width():
    got = difference(Sample(5, 1.0, 0.0), Sample(5, 1.0, 0.0))
    assert (got.low, got.high) == (0.0, 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_gathered_values_have_mean_and_variance(values):
    gathered = Gathered()
    for each in values:
        gathered.add(each)
    assert gathered.sample.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    expected = statistics.variance(values)
    assert gathered.sample.variance == pytest.approx(expected, rel=1e-6, abs=1e-3)
