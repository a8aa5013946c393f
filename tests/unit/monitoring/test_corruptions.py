"""M2: twelve corruptions of served inputs, each found by its feature's name; clean rows are not."""

import numpy as np
import pytest

from larder.monitoring.columns import Column
from larder.monitoring.constraints import suggested
from larder.monitoring.judge import judge
from larder.monitoring.violations import Check
from tests.support.monitoring import bounded, statistics

CARRIERS = ("AA", "DL", "UA", "WN", "B6")
NAMES = ("age", "seats", "delay", "distance", "carrier", "rain", "wind", "rate")
COLUMNS = tuple(
    Column(name, place, CARRIERS if name == "carrier" else ())
    for place, name in enumerate(NAMES, 1)
)
ROWS = 4_000


def vectors(seed, rows=ROWS):
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [
            rng.gamma(4, 3, rows),
            rng.choice([55, 149, 200, 330], rows, p=[0.4, 0.3, 0.2, 0.1]),
            rng.normal(6, 25, rows),
            rng.lognormal(6.5, 0.5, rows),
            rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1]),
            np.where(rng.random(rows) < 0.9, 0.0, rng.exponential(0.05, rows)),
            np.where(rng.random(rows) < 0.02, np.nan, rng.normal(10, 4, rows)),
            rng.beta(2, 8, rows),
        ]
    )


def _some(found, share, value):
    rng = np.random.default_rng(99)
    return np.where(rng.random(len(found)) < share, value, found)


CORRUPTIONS = {
    "a tenth has no value": ("age", lambda x: _some(x, 0.1, np.nan)),
    "no row has a value": ("seats", lambda x: np.full_like(x, np.nan)),
    "missing values became zero": ("wind", lambda x: _some(x, 0.15, 0.0)),
    "another unit": ("distance", lambda x: x * 1.609),
    "the sign is turned": ("delay", lambda x: -x),
    "one value for all": ("rate", lambda x: np.full_like(x, 0.2)),
    "half a deviation higher": ("delay", lambda x: x + 12.5),
    "a placeholder in some rows": ("age", lambda x: _some(x, 0.03, 9_999.0)),
    "negative where it never was": ("rain", lambda x: _some(x, 0.05, -1.0)),
    "a category that training had not": ("carrier", lambda x: _some(x, 0.02, 4.0)),
    "all of one category": ("carrier", np.zeros_like),
    "infinite by a division": ("rate", lambda x: _some(x, 0.04, np.inf)),
}


@pytest.fixture(scope="module")
def baseline():
    return statistics(vectors(1, 20_000), COLUMNS)


def found_in(baseline, rows):
    before, buckets = baseline
    now, _ = statistics(rows, COLUMNS, buckets=bounded(buckets, before))
    return judge(before, now, suggested(before)).violations


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_found_by_its_features_name(baseline, name):
    feature, corrupt = CORRUPTIONS[name]
    rows = vectors(2)
    place = NAMES.index(feature)
    rows[:, place] = corrupt(rows[:, place])
    found = found_in(baseline, rows)
    assert {each.feature for each in found} == {feature}
    assert all(feature in each.description for each in found)


def test_a_category_that_training_had_not_is_named(baseline):
    rows = vectors(3)
    rows[:, 4] = _some(rows[:, 4], 0.02, 4.0)
    [found] = [each for each in found_in(baseline, rows) if each.check is Check.CATEGORY]
    assert "'B6'" in found.description


@pytest.mark.parametrize("seed", range(10, 30))
def test_clean_rows_violate_nothing(baseline, seed):
    assert found_in(baseline, vectors(seed)) == ()


def test_few_rows_are_not_judged(baseline):
    before, buckets = baseline
    now, _ = statistics(vectors(5, 50) * 100, COLUMNS, buckets=bounded(buckets, before))
    found = judge(before, now, suggested(before))
    assert found.violations == ()
    assert set(found.unjudged) == set(NAMES)
