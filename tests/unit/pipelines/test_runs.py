"""Which intervals are due, and what a history of claims, deaths and ends comes to."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.errors import ServiceUnavailable, ValidationError
from larder.pipelines.definition import Late, Schedule, Source
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.runs.items import LEASE, MOST_ATTEMPTS, State
from larder.pipelines.runs.plan import Asked, Runs
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from tests.support.examples import examples
from tests.support.pipelines import pipeline

START = 20_000 * DAY
HOURLY = pipeline((), HOUR, start=date.fromordinal(719_163 + 20_000), late=Late(wait=5 * MINUTE))


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def runs_at(hours):
    clock = Clock(START + hours * HOUR + 5 * MINUTE)
    return Runs(MemoryLedger(), clock), clock


def publish(runs, interval, of=HOURLY):
    item = runs.claim(of, interval, "one")
    assert runs.end(item, State.PUBLISHED, rows=1)


def hours(*bounds):
    return [Interval(START + a * HOUR, START + b * HOUR) for a, b in bounds]


def test_nothing_is_due_before_the_first_interval_has_waited():
    runs, clock = runs_at(1)
    clock.now -= 1
    assert runs.look(HOURLY, Asked()) == []
    clock.now += 1
    assert runs.look(HOURLY, Asked()) == hours((0, 1))


def test_what_was_missed_is_due_in_whole_days_and_then_hours():
    runs, _ = runs_at(50)
    due = runs.look(HOURLY, Asked())
    assert due == hours((0, 24), (24, 48), (48, 50))
    for each in due:
        publish(runs, each)
    assert runs.look(HOURLY, Asked()) == []
    assert runs.advance(HOURLY).published_until == START + 50 * HOUR


@pytest.mark.parametrize(
    ("schedule", "step"), [(Schedule(15 * MINUTE), 15 * MINUTE), (Schedule(None, "0 3 * * ? *"), HOUR)],
    ids=["every", "cron"],
)  # fmt: skip
def test_a_pipeline_of_events_steps_as_often_as_one_looks(schedule, step):
    runs, clock = runs_at(1)
    of = replace(HOURLY, hop=0, schedule=schedule)
    clock.now = START + step + HOURLY.late.wait
    assert runs.look(of, Asked()) == [Interval(START, START + step)]


def test_a_failed_interval_is_due_again_a_few_times_and_holds_the_position():
    runs, clock = runs_at(1)
    for _ in range(MOST_ATTEMPTS):
        (due,) = runs.look(HOURLY, Asked())
        assert runs.end(runs.claim(HOURLY, due, "one"), State.FAILED, rows=None, cause="no table")
    clock.now += HOUR
    assert runs.look(HOURLY, Asked()) == hours((1, 2))
    publish(runs, *hours((1, 2)))
    assert runs.advance(HOURLY).published_until == START
    (named,) = runs.look(HOURLY, Asked(interval=hours((0, 1))[0]))
    publish(runs, named)
    assert runs.advance(HOURLY).published_until == START + 2 * HOUR


def test_a_blocked_interval_waits_for_a_person():
    runs, _ = runs_at(1)
    (due,) = runs.look(HOURLY, Asked())
    runs.end(runs.claim(HOURLY, due, "one"), State.BLOCKED, rows=None, cause="no rows")
    assert runs.look(HOURLY, Asked()) == []
    asked = Asked(interval=due)
    assert runs.look(HOURLY, asked) == [due]
    assert runs.claim(HOURLY, due, "two", asked.takes)


def test_the_interval_of_a_dead_execution_is_due_when_its_lease_ends():
    runs, clock = runs_at(1)
    (due,) = runs.look(HOURLY, Asked())
    dead = runs.claim(HOURLY, due, "dead")
    assert runs.look(HOURLY, Asked()) == []
    clock.now += LEASE + 1
    assert due in runs.look(HOURLY, Asked())
    assert runs.claim(HOURLY, due, "next")
    with pytest.raises(ServiceUnavailable):
        runs.hold(dead)
    assert not runs.end(dead, State.PUBLISHED, rows=1)


def test_a_new_revision_begins_anew():
    runs, _ = runs_at(1)
    publish(runs, *runs.look(HOURLY, Asked()))
    assert runs.look(replace(HOURLY, revision=2), Asked()) == hours((0, 1))


def test_what_is_named_and_published_is_computed_only_when_asked_for_again():
    runs, _ = runs_at(4)
    whole = Interval(START, START + 4 * HOUR)
    publish(runs, *hours((1, 2)))
    asked = Asked(interval=whole, chunk=HOUR)
    assert runs.look(HOURLY, asked) == hours((0, 1), (2, 3), (3, 4))
    assert len(runs.look(HOURLY, replace(asked, again=True))) == 4
    (part,) = hours((1, 2))
    assert runs.claim(HOURLY, part, "two", asked.takes) is None
    assert runs.claim(HOURLY, part, "two", replace(asked, again=True).takes)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(Interval(START, START)), "from: .* must be before to"),
        (Asked(Interval(START + 1, START + HOUR)), "from: .* multiple of 1h"),
        (Asked(Interval(START, START + HOUR + 1)), "to: .* multiple of 1h"),
        (Asked(Interval(START - HOUR, START + HOUR)), "from: .* `start`"),
        (Asked(Interval(START, START + 9 * HOUR)), "to: .* late.wait is 5m"),
        (Asked(chunk=90 * MINUTE), "chunk: 90m must be a multiple of 1h"),
        (Asked(chunk=32 * DAY), "at most 31d"),
        (Asked(chunk=0), "chunk"),
        (Asked(chunk=-HOUR), "chunk"),
    ],
    ids=[
        "empty",
        "odd-from",
        "odd-to",
        "before-start",
        "not-complete",
        "odd",
        "long",
        "zero",
        "negative",
    ],
)
def test_what_no_interval_can_be_is_refused_with_the_cure(asked, message):
    runs, _ = runs_at(4)
    with pytest.raises(ValidationError, match=message):
        runs.look(HOURLY, asked)


STEPS = st.lists(
    st.tuples(
        st.integers(1, 40),  # hours that pass
        st.sampled_from(["publish", "fail", "block", "die", "miss"]),
        st.sampled_from([None, 2 * HOUR, DAY]),
    ),
    max_size=12,
)


@examples(0.3)
@given(STEPS)
def test_whatever_happens_everything_is_published_once_and_without_a_gap(steps):
    runs, clock = runs_at(0)
    published = []
    for number, (passed, fate, chunk) in enumerate(steps):
        clock.now += passed * HOUR
        for due in runs.look(HOURLY, Asked(chunk=chunk)):
            item = runs.claim(HOURLY, due, f"execution {number}")
            assert item is not None
            assert runs.claim(HOURLY, due, "another") is None
            if fate == "publish":
                assert runs.end(item, State.PUBLISHED, rows=1)
                published.append(due)
            elif fate in ("fail", "block"):
                state = State.FAILED if fate == "fail" else State.BLOCKED
                assert runs.end(item, state, rows=None)
    clock.now += LEASE + 1
    end = (clock.now - HOURLY.late.wait) // HOUR * HOUR
    if end > START:
        rest = Asked(interval=Interval(START, end), chunk=DAY)
        for due in runs.look(HOURLY, rest):
            item = runs.claim(HOURLY, due, "last", rest.takes)
            assert runs.end(item, State.PUBLISHED, rows=1)
    assert runs.advance(HOURLY).published_until == max(START, end)
    assert runs.look(HOURLY, Asked()) == []
    looks = sorted(published, key=lambda each: each.after)
    assert all(a.until <= b.after for a, b in pairwise(looks))


def test_a_redrive_takes_what_failed_is_blocked_or_lost_its_execution_and_nothing_else():
    runs, clock = runs_at(6)
    ends = [State.FAILED, State.BLOCKED, State.PUBLISHED, None, None]
    for interval, end in zip(hours((0, 1), (1, 2), (2, 3), (3, 4), (4, 5)), ends, strict=True):
        clock.now += MINUTE
        item = runs.claim(HOURLY, interval, "one")
        if end is not None:
            runs.end(item, end, rows=None)
    clock.now += LEASE - MINUTE + 1  # the lease of the fourth is over, that of the fifth is not
    asked = Asked(redrive=True)
    assert runs.look(HOURLY, asked) == hours((0, 1), (1, 2), (3, 4))
    for interval in hours((0, 1), (1, 2), (3, 4)):
        assert runs.claim(HOURLY, interval, "two", asked.takes)


OF_GROUP = replace(HOURLY, source=Source(group="events", time="at"))


def test_an_interval_of_a_group_waits_until_its_history_is_complete():
    runs, clock = runs_at(3)
    marks = [None, START + HOUR, START + HOUR + 5 * MINUTE, clock.now + HOUR]
    found = []
    for each in marks:
        watched = replace(runs, watermark=lambda mark=each: mark)
        found.append(watched.look(OF_GROUP, Asked()))
    assert found == [[], [], hours((0, 1)), hours((0, 3))]
    assert runs.look(HOURLY, Asked()) == hours((0, 3))


def test_a_person_is_told_what_a_group_waits_for():
    runs, _ = runs_at(3)
    behind = replace(runs, watermark=lambda: START + HOUR + 5 * MINUTE)
    with pytest.raises(ValidationError, match="the history of events is complete no longer than"):
        behind.look(OF_GROUP, Asked(hours((0, 2))[0]))
    assert behind.look(OF_GROUP, Asked(hours((0, 1))[0])) == hours((0, 1))
