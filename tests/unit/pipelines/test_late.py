"""Late events: what they make due again, what is too old, and what is said of it."""

from dataclasses import replace

import pytest

from larder.pipelines.definition import Function, Late, TimeUnit
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.runs.items import State
from larder.pipelines.runs.late import Committed, LateEvents
from larder.pipelines.runs.plan import Asked, Runs
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from tests.support.pipelines import TABLE, feature, on_duckdb, pipeline
from tests.unit.pipelines.test_runs import HOURLY, START, Clock

ACCEPT = 3 * DAY
WINDOWS = [feature("count", Function.COUNT, 2 * HOUR), feature("sum", Function.SUM, DAY, "n")]


def made(hop=HOUR, **more):
    given = {"start": HOURLY.start, "late": Late(wait=5 * MINUTE, accept=ACCEPT)}
    return pipeline(WINDOWS, hop, **given | more)


class Table:
    """A table of events whose snapshots are the numbers of its commits."""

    def __init__(self, *, keeps=True):
        self.commits, self.keeps, self.expired, self.rewritten = [], keeps, set(), False

    def newest(self, table):
        assert table == TABLE
        return len(self.commits) if self.keeps else None

    def between(self, table, column, of, step, since):
        assert (table, column, of) == (TABLE, "t", TimeUnit.MICROSECONDS)
        if since in self.expired:
            return Committed(is_known=False)
        events = {}
        for event in self.events(since):
            end = -(-event["t"] // step) * step
            events[end] = events.get(end, 0) + 1
        return Committed(events, is_rewritten=self.rewritten)

    def events(self, since=0):
        return [event for commit in self.commits[since:] for event in commit]


class World:
    """A pipeline that is looked at, and computed by DuckDB."""

    def __init__(self, of):
        self.of, self.table, self.clock, self.rows = of, Table(), Clock(START), {}
        self.runs = Runs(MemoryLedger(), self.clock)
        self.late = LateEvents(self.runs.ledger, self.table, self.clock)

    def commit(self, *hours):
        number = len(self.table.events())
        self.table.commits.append([event(at, number + n) for n, at in enumerate(hours)])

    def look(self):
        """One look; what it found, and the intervals that it computed."""
        found = self.late.find(self.of, self.runs.advance(self.of))
        due = self.runs.look(self.of, Asked())
        for number, interval in enumerate(due):
            self.compute(interval, f"{self.clock.now} {number}")
        return found, due

    def compute(self, interval, owner="one"):
        item = self.runs.claim(self.of, interval, owner)
        rows = on_duckdb(self.of, self.table.events(), interval) if self.table.events() else {}
        assert self.runs.end(item, State.PUBLISHED, rows=len(rows))
        self.rows |= rows  # corrections win

    def at(self, hours):
        self.clock.now = START + hours * HOUR + self.of.late.wait
        return self


def event(hours, number):
    at = START + round(hours * HOUR)
    return {"k": "ab"[number % 2], "t": at, "number": number, "x": 1.0, "n": number, "city": "x"}


def hours(*bounds):
    return [Interval(START + a * HOUR, START + b * HOUR) for a, b in bounds]


@pytest.fixture
def world():
    found = World(made())
    found.commit(0.5)
    for hour in (1, 2, 3):
        found.at(hour).look()
    return found


def test_what_an_event_touches_is_due_again_and_nothing_else(world):
    world.commit(1.5)
    found, due = world.at(3).look()
    assert found.again == tuple(hours((1, 2), (2, 3)))
    assert due == hours((1, 2), (2, 3))
    assert world.at(3).look()[1] == []


def test_an_event_at_the_end_of_an_hour_belongs_to_that_hour(world):
    world.commit(2)
    assert world.at(3).look()[0].again == tuple(hours((1, 2), (2, 3)))


def test_events_that_are_not_late_make_nothing_due_again(world):
    world.commit(3.2)
    assert world.at(3).look() == (type(world.at(3).look()[0])(), [])
    assert world.at(4).look()[1] == hours((3, 4))


def test_an_event_that_is_too_old_is_counted_and_changes_nothing(world):
    days = 24 * 5
    world.at(days).look()
    before = dict(world.rows)
    world.commit(1.5, 1.6)
    found, due = world.at(days).look()
    assert (found.again, found.dropped, due) == ((), 2, [])
    assert world.runs.ledger.position("g").dropped == 2
    assert world.at(days).look()[0].dropped == 0
    assert world.rows == before


def test_a_touched_interval_that_is_computed_now_is_looked_at_again(world):
    ledger = world.runs.ledger
    (item,) = (e for e in ledger.intervals("g", 1, START) if e.interval == hours((1, 2))[0])
    assert ledger.reopen(item)
    running = world.runs.claim(world.of, item.interval, "slow")
    world.commit(1.5)
    assert world.at(3).look()[0].again == tuple(hours((2, 3)))
    assert world.runs.end(running, State.PUBLISHED, rows=0)
    assert hours((1, 2))[0] in world.at(3).look()[0].again
    assert world.at(3).look()[0].again == ()


def test_of_a_snapshot_that_is_gone_all_that_is_accepted_is_due_again_and_said(world):
    world.table.expired.add(1)
    world.commit(2.5)
    found, due = world.at(3).look()
    assert due == hours((0, 1), (1, 2), (2, 3))
    assert "snapshot 1 is gone" in found.notes[0]
    assert world.at(3).look()[0].notes == ()


def test_rows_that_were_changed_are_said_with_the_cure(world):
    world.table.rewritten = True
    world.commit(2.5)
    assert "--again" in world.at(3).look()[0].notes[0]


def test_the_first_events_of_a_table_that_was_empty_are_late_too():
    world = World(made())
    assert world.at(3).look()[1] == hours((0, 3))
    world.commit(1.5)
    found, due = world.at(3).look()
    assert (found.again, due) == (tuple(hours((0, 3))), hours((0, 3)))
    assert [key[1] for key in world.rows if key[1] <= START + 3 * HOUR]


def test_a_table_without_snapshots_has_no_late_events():
    world = World(made())
    world.table.keeps = False
    world.commit(0.5)
    world.at(3).look()
    world.commit(1.5)
    assert world.at(3).look()[0].again == ()


def test_an_interval_that_late_events_reopened_and_that_fails_is_tried_again(world):
    world.commit(1.5)
    world.late.find(world.of, world.runs.advance(world.of))
    first, second = world.runs.look(world.of, Asked())
    world.runs.end(world.runs.claim(world.of, first, "x"), State.FAILED, rows=None)
    world.compute(second)
    assert world.runs.look(world.of, Asked()) == [first]
    world.compute(first)
    assert world.runs.look(world.of, Asked()) == []


def test_a_revision_that_grows_keeps_what_was_read(world):
    world.of = replace(world.of, revision=2)
    assert world.at(3).look()[1] == hours((0, 3))
    assert world.runs.ledger.position("g").reads == {TABLE: 1}
