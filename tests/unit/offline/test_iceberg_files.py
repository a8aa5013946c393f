"""How the look for duplicates narrows what it reads."""

from hypothesis import given
from hypothesis import strategies as st

from larder.offline.adapters.iceberg.files import time_ranges

MINUTE = 60_000_000


def test_instants_close_together_are_one_range():
    assert time_ranges([0, 9 * MINUTE, 18 * MINUTE]) == [(0, 18 * MINUTE)]


def test_an_instant_long_ago_is_a_range_of_its_own():
    assert time_ranges([-5_000 * MINUTE, 0, 5]) == [(-5_000 * MINUTE, -5_000 * MINUTE), (0, 5)]


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, unique=True))
def test_few_ranges_in_order_cover_every_instant(instants):
    instants.sort()
    ranges = time_ranges(instants)
    assert len(ranges) <= 16
    assert all(any(low <= each <= high for low, high in ranges) for each in instants)
    assert [each for pair in ranges for each in pair] == sorted(
        each for pair in ranges for each in pair
    )
