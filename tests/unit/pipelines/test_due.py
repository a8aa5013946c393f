"""Which intervals are due, whatever looks were missed and whatever events came late."""

import random
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.pipelines.definition import Function, Late
from larder.pipelines.due import chunks, ended, grid_of, late_events, run_id, start_of
from larder.pipelines.durations import DAY, HOUR, MINUTE, SECOND
from larder.pipelines.sql.statement import Interval
from tests.support.examples import examples
from tests.support.pipelines import all_functions, expected, feature, pipeline, random_stream

HOURLY = pipeline(
    [feature("n", Function.COUNT, DAY)],
    HOUR,
    start=date(2025, 1, 1),
    late=Late(5 * MINUTE, 3 * DAY),
)
AT_EVENTS = replace(HOURLY, hop=0)
START = start_of(HOURLY)
FOREVER = Interval(-(10**16), 10**16)


@pytest.mark.parametrize(
    ("published", "now", "watermark", "until"),
    [
        (None, START, None, None),
        (None, START + HOUR, None, None),
        (None, START + HOUR + 5 * MINUTE - 1, None, None),
        (None, START + HOUR + 5 * MINUTE, None, START + HOUR),
        (None, START + 9 * HOUR, None, START + 8 * HOUR),
        (START + 8 * HOUR, START + 9 * HOUR, None, None),
        (START + 8 * HOUR, START + 9 * HOUR + 5 * MINUTE, None, START + 9 * HOUR),
        (None, START + 9 * HOUR, START + 2 * HOUR, START + HOUR),
        (None, START + HOUR, START + 9 * HOUR, None),
        (None, START - DAY, None, None),
    ],
)
def test_an_interval_is_due_once_it_has_waited(published, now, watermark, until):
    after = START if published is None else published
    found = ended(HOURLY, published, now, watermark)
    assert found == (None if until is None else Interval(after, until))


@pytest.mark.parametrize("asked", [HOURLY, AT_EVENTS], ids=["hourly", "at-events"])
@given(st.lists(st.integers(0, 10 * DAY), max_size=30))
def test_looks_at_any_times_leave_no_gap_and_repeat_nothing(asked, looks):
    published = None
    for look in looks:  # doubled, missed, out of order
        found = ended(asked, published, START + look)
        if found is not None:
            assert found.after == (START if published is None else published)
            assert found.until % grid_of(asked) == 0
            published = found.until
    newest = (max(looks, default=0) - asked.late.wait) // grid_of(asked) * grid_of(asked)
    assert published == (START + newest if newest > 0 else None)


@given(st.integers(0, 10**4), st.integers(1, 10**4), st.sampled_from([HOUR, 6 * HOUR, DAY]))
def test_chunks_are_the_interval_cut_at_the_same_bounds(after, length, chunk):
    whole = Interval(after * HOUR, (after + length) * HOUR)
    parts = list(chunks(whole, chunk))
    assert [parts[0].after, *(part.until for part in parts)] == [
        *(part.after for part in parts),
        whole.until,
    ]
    assert all(part.until % chunk == 0 for part in parts[:-1])
    assert all(part.until - part.after <= chunk for part in parts)
    assert parts[1:] == list(chunks(Interval(parts[0].until, whole.until), chunk))


@pytest.mark.parametrize("hop", [0, HOUR, DAY])
@examples(0.5)
@given(st.integers(0, 10**6))
def test_only_rows_of_intervals_that_are_due_again_change(hop, seed):
    windows = (DAY,) if hop == DAY else (HOUR, DAY)
    asked = pipeline(all_functions(windows), hop, late=Late(0, 10**4 * DAY))
    dice, events = random.Random(seed), random_stream(seed).events
    committed = [each for each in events if dice.random() < 0.7]
    late = [each for each in events if each not in committed]
    instants = [each["t"] for each in events] or [0]
    published = dice.choice(instants) // DAY * DAY + dice.choice([0, DAY, 30 * DAY])
    found = late_events(asked, [each["t"] for each in late], published, published)
    before = expected(asked, committed, FOREVER)
    after = expected(asked, committed + late, FOREVER)
    changed = {
        point
        for key, point in before.keys() | after.keys()
        if before.get((key, point)) != after.get((key, point))
    }
    outside = [
        point
        for point in changed
        if point <= published and not any(i.after < point <= i.until for i in found.again)
    ]
    assert outside == []
    assert found.dropped == 0
    assert all(i.until <= published and i.after % grid_of(asked) == 0 for i in found.again)


def test_late_events_close_to_each_other_are_one_interval():
    published = START + 9 * DAY
    instants = [START + 8 * DAY + 1, START + 8 * DAY + HOUR, START + 7 * DAY - 30 * HOUR]
    asked = replace(HOURLY, late=Late(0, 9 * DAY))
    found = late_events(asked, instants, published, published)
    assert found.again == (
        Interval(START + 7 * DAY - 31 * HOUR, START + 7 * DAY - 4 * HOUR),
        Interval(START + 8 * DAY, published),
    )


def test_events_that_are_too_old_are_counted_and_change_nothing():
    now = START + 9 * DAY
    instants = [now - 3 * DAY, now - 3 * DAY - 1, now - 3 * DAY + 1, now + 1]
    found = late_events(HOURLY, instants, now, now)
    assert found.dropped == 2
    assert [i.after for i in found.again] == [now - 3 * DAY]


def test_a_run_is_named_by_what_it_computes():
    interval = Interval(START, START + HOUR)
    assert run_id(HOURLY, interval, 2) == "g-r1-20250101T0000Z-20250101T0100Z-2"
    assert run_id(replace(HOURLY, revision=3), interval, 1).startswith("g-r3-2025")


def test_names_of_runs_fit_an_execution_and_differ():
    interval = Interval(START, START + HOUR)
    long, other = ("x" * 63 + end for end in "ab")
    names = {run_id(replace(HOURLY, group=group), interval, 12) for group in (long, other)}
    assert len(names) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) for name in names)


def test_a_minute_is_the_grid_of_rows_at_events():
    assert ended(AT_EVENTS, None, START + 5 * MINUTE + 119 * SECOND) == Interval(
        START, START + MINUTE
    )
