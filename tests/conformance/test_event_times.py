"""Event times: their forms, and the order they put records in."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.conformance.refusals import refused
from tests.conformance.store import AT, ID, T0, T1, T2


@pytest.mark.parametrize("fraction", ["", ".1", ".123", ".123456", ".123456789"])
def test_row_057_event_times_may_have_fractions(store, group, key, fraction):
    moment = f"2024-01-01T00:00:00{fraction}Z"
    store.put(group, key, moment)
    assert store.get(group, key)[AT] == moment


@pytest.mark.parametrize(
    "moment",
    [
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00.1234567891Z",
        "2024-02-30T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "10000-01-01T00:00:00Z",
        "1704067200",
        "",
    ],
)
def test_row_057_other_event_times_are_refused(store, group, key, moment):
    assert refused(store, group, {ID: key, AT: moment}) == "ValidationError"


def test_row_058_060_a_late_record_is_history_and_a_newer_one_is_both(store, offline, group, key):
    store.put(group, key, T1, {"city": "first"})
    store.put(group, key, T0, {"city": "late"})
    assert store.get(group, key)["city"] == "first"
    store.put(group, key, T2, {"city": "newest"})
    assert store.get(group, key)["city"] == "newest"
    rows = offline.eventually(group, key, 3)
    assert [row["city"] for row in rows] == ["late", "first", "newest"]


def test_row_059_an_equal_event_time_overwrites(store, offline, group, key):
    store.put(group, key, T0, {"city": "wrong"})
    store.put(group, key, T0, {"city": "right"})
    assert store.get(group, key)["city"] == "right"
    assert [row["city"] for row in offline.eventually(group, key, 2)] == ["wrong", "right"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z"),
        ("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.500000001Z"),
        ("2024-01-01T00:00:00.09Z", "2024-01-01T00:00:00.1Z"),
        ("1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_row_061_texts_are_ordered_by_their_instant(store, online_group, key, older, newer, late):
    for moment in (newer, older) if late else (older, newer):
        store.put(online_group, key, moment)
    assert store.get(online_group, key)[AT] == newer


@pytest.mark.parametrize(
    ("older", "newer"),
    [("9", "10"), ("-2.5", "-1"), ("1e3", "1000.25"), ("1700000000", "1.7000000005e9")],
)
@pytest.mark.parametrize("late", [False, True])
def test_row_061_numbers_are_ordered_by_their_instant(
    store, fractional_group, key, older, newer, late
):
    for moment in (newer, older) if late else (older, newer):
        store.put(fractional_group, key, moment)
    assert store.get(fractional_group, key)[AT] == newer


def test_row_062_of_a_thousand_writers_in_any_order_the_newest_wins(store, online_group, key):
    moments = [f"2024-01-01T00:00:00.{number:09d}Z" for number in range(1000)]
    shuffled = random.Random(62).sample(moments, len(moments))
    store.rt  # made once, before the threads ask for it  # noqa: B018
    with ThreadPoolExecutor(16) as writers:
        list(writers.map(partial(store.put, online_group, key), shuffled))
    assert store.get(online_group, key)[AT] == moments[-1]
