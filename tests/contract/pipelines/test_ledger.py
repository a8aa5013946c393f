"""What the ledger promises, asked of each place where its items may be kept."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Lock

import boto3
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.pipelines.adapters.dynamodb_work import DynamoWorkItems
from larder.pipelines.definition import Function, Late
from larder.pipelines.due import start_of
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.ledger import LEASE, LeaseLost, Ledger
from larder.pipelines.sql.statement import Interval
from larder.pipelines.work import Progress, Work, WorkState
from larder.testing.pipelines import MemoryWorkItems
from tests.support.pipelines import feature, pipeline
from tests.support.tables import create_registry_table

HOURLY = pipeline(
    [feature("n", Function.COUNT, DAY)],
    HOUR,
    start=date(2025, 1, 1),
    late=Late(5 * MINUTE, 3 * DAY),
)
START = start_of(HOURLY)
FIRST = Interval(START, START + DAY)
DUE, RUNNING, PUBLISHED = WorkState.DUE, WorkState.RUNNING, WorkState.PUBLISHED


class AtomicDynamo(BotoDynamo):
    """moto's DynamoDB made atomic, as the real one is for each item: one request at a time."""

    def __init__(self, client):
        super().__init__(client)
        self._lock = Lock()

    def call(self, *arguments):
        with self._lock:
            return super().call(*arguments)


@pytest.fixture(params=["memory", "dynamodb"])
def items(request):
    if request.param == "memory":
        yield MemoryWorkItems()
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        create_registry_table(client, "registry")
        yield DynamoWorkItems(AtomicDynamo(client), "registry")
        client.close()


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(START + 3 * DAY + 5 * MINUTE)


@pytest.fixture
def ledger(items, clock):
    return Ledger(items, clock)


def work(**changes):
    given = {"pipeline": "g", "revision": 1, "interval": FIRST}
    return Work(**{**given, **changes})


def states(ledger, asked=HOURLY):
    return [(each.state, each.number) for each in ledger.items.list("g", asked.revision)]


def publish(ledger, each, owner="a"):
    return ledger.finish(ledger.claim(each, owner), PUBLISHED, rows=3)


def test_an_item_comes_back_as_it_was_stored(items):
    whole = work(
        interval=Interval(-(10**15), -5),
        state=WorkState.BLOCKED,
        number=3,
        owner="arn:é",
        lease_until=7,
        again=True,
        cause="rows: 0",
        rows=9,
    )
    assert items.get("g", 1, -(10**15)) is None
    assert items.put(whole)
    assert items.get("g", 1, -(10**15)) == replace(whole, version=1)
    progress = Progress(
        pipeline="g", revision=2, planned_until=-5, position={"raw.a": 2**62}, paused=True
    )
    assert items.progress("g") is None
    assert items.put_progress(progress)
    assert items.progress("g") == replace(progress, version=1)
    assert items.put_progress(Progress(pipeline="h", revision=1))
    assert items.progress("h").planned_until is None


def test_a_write_takes_effect_on_the_version_that_was_read(items):
    assert items.put(work())
    assert not items.put(work())
    assert items.put(work(version=1, owner="a"))
    assert not items.put(work(version=1, owner="b"))
    assert items.get("g", 1, START).owner == "a"
    progress = Progress(pipeline="g", revision=1)
    assert items.put_progress(progress)
    assert not items.put_progress(progress)


def test_work_is_listed_by_time_and_by_revision(items):
    afters = [0, -HOUR, 10**16, HOUR, -(10**16)]
    for after in afters:
        items.put(work(interval=Interval(after, after + HOUR)))
        items.put(work(interval=Interval(after, after + HOUR), revision=12))
    items.put(work(pipeline="g2"))
    assert [each.interval.after for each in items.list("g", 1)] == sorted(afters)
    assert {each.revision for each in items.list("g", 12)} == {12}


def test_a_look_enters_what_ended_and_the_next_one_what_came_since(ledger, clock):
    assert [i.until for i in ledger.plan(HOURLY)] == [START + n * DAY for n in (1, 2, 3)]
    assert ledger.plan(HOURLY) == []
    clock.now += HOUR
    assert ledger.plan(HOURLY) == [Interval(START + 3 * DAY, START + 3 * DAY + HOUR)]
    assert states(ledger) == [(DUE, 1)] * 4


def test_a_look_that_died_before_its_end_is_repeated_without_harm(ledger):
    first, *_ = ledger.plan(HOURLY)
    publish(ledger, work(interval=first))
    progress = ledger.items.progress("g")
    ledger.items.put_progress(replace(progress, planned_until=None))
    assert len(ledger.plan(HOURLY)) == 3
    assert states(ledger) == [(PUBLISHED, 1), (DUE, 1), (DUE, 1)]


def test_a_new_revision_computes_everything_again(ledger):
    ledger.plan(HOURLY)
    second = replace(HOURLY, revision=2)
    assert ledger.plan(second)[0].after == START
    assert states(ledger, second) == [(DUE, 1)] * 3


def test_nothing_is_planned_or_taken_while_a_pipeline_is_paused(ledger, clock):
    ledger.plan(HOURLY)
    ledger.set_paused(HOURLY, paused=True)
    clock.now += DAY
    assert (ledger.plan(HOURLY), list(ledger.due(HOURLY))) == ([], [])
    ledger.set_paused(HOURLY, paused=False)
    assert len(ledger.plan(HOURLY)) == 1
    assert len(list(ledger.due(HOURLY))) == 4


def test_of_many_executions_one_gets_an_interval(ledger):
    ledger.plan(HOURLY)
    (first, *_) = ledger.due(HOURLY)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: ledger.claim(first, f"run-{n}"), range(8)))
    (winner,) = [each for each in taken if each is not None]
    assert ledger.items.get("g", 1, START) == winner
    assert (winner.state, winner.number) == (RUNNING, 1)


def test_the_interval_of_a_dead_execution_is_free_when_its_lease_ran_out(ledger, clock):
    ledger.plan(HOURLY)
    dead = ledger.claim(work(), "dead")
    clock.now += LEASE
    assert ledger.claim(work(), "next") is None
    clock.now += 1
    taken = ledger.claim(work(), "next")
    assert (taken.owner, taken.number) == ("next", 2)
    for act in (ledger.renew, lambda each: ledger.finish(each, PUBLISHED)):
        with pytest.raises(LeaseLost, match=r"dead has the interval of g .* no more"):
            act(dead)
    assert ledger.finish(taken, PUBLISHED, rows=5).rows == 5
    assert states(ledger)[0] == (PUBLISHED, 2)


def test_an_execution_that_says_that_it_lives_keeps_its_interval(ledger, clock):
    ledger.plan(HOURLY)
    taken = ledger.claim(work(), "slow")
    for _ in range(3):
        clock.now += LEASE
        taken = ledger.renew(taken)
    clock.now += LEASE
    assert ledger.claim(work(), "next") is None
    assert ledger.finish(taken, PUBLISHED).state is PUBLISHED


def test_what_is_published_is_not_taken_again(ledger):
    ledger.plan(HOURLY)
    publish(ledger, work())
    assert ledger.claim(work(), "b") is None
    assert [each.interval.after for each in ledger.due(HOURLY)] == [START + DAY, START + 2 * DAY]


@pytest.mark.parametrize("state", [PUBLISHED, WorkState.FAILED, WorkState.BLOCKED])
def test_what_ended_may_be_made_due_again(ledger, state):
    ledger.plan(HOURLY)
    ledger.finish(ledger.claim(work(), "a"), state, cause="why")
    assert ledger.claim(work(), "b") is None
    ledger.mark_due(HOURLY, [FIRST])
    ledger.mark_due(HOURLY, [FIRST])
    taken = ledger.claim(work(), "b")
    assert (taken.number, taken.cause) == (2, "")


def test_what_becomes_due_while_it_is_computed_is_computed_again(ledger):
    ledger.plan(HOURLY)
    taken = ledger.claim(work(), "a")
    ledger.mark_due(HOURLY, [FIRST])
    assert ledger.claim(work(), "b") is None
    again = ledger.finish(taken, PUBLISHED)
    assert (again.state, again.number) == (DUE, 2)
    publish(ledger, work(), "b")
    assert states(ledger)[0] == (PUBLISHED, 2)


def test_late_events_before_anything_that_is_known_are_work_too(ledger):
    ledger.plan(HOURLY)
    ledger.mark_due(HOURLY, [Interval(START + HOUR, START + 2 * HOUR)])
    assert [each.interval for each in ledger.due(HOURLY)][:2] == [
        *(FIRST, Interval(START + HOUR, START + 2 * HOUR))
    ]


def test_rows_are_complete_up_to_the_first_gap(ledger):
    assert ledger.published_until(HOURLY) is None
    ledger.plan(HOURLY)
    first, second, third = ledger.due(HOURLY)
    publish(ledger, first)
    publish(ledger, third)
    assert ledger.published_until(HOURLY) == START + DAY
    publish(ledger, second)
    assert ledger.published_until(HOURLY) == START + 3 * DAY


@pytest.mark.parametrize("seed", range(4))
def test_whatever_dies_and_comes_late_everything_is_published_in_the_end(ledger, clock, seed):
    dice = random.Random(seed)
    for _ in range(100 if isinstance(ledger.items, MemoryWorkItems) else 8):
        ledger.plan(HOURLY, chunk=6 * HOUR)
        for each in list(ledger.due(HOURLY))[: dice.randrange(4)]:
            taken = ledger.claim(each, f"run-{dice.random()}")
            if dice.random() < 0.3:
                ledger.mark_due(HOURLY, [each.interval])
            if dice.random() < 0.6:
                ledger.finish(taken, dice.choice([PUBLISHED, PUBLISHED, WorkState.FAILED]))
        clock.now += dice.choice([MINUTE, HOUR, LEASE + 1])
    clock.now += LEASE + 1
    planned = ledger.items.progress("g").planned_until
    failed = [w for w in ledger.items.list("g", 1) if w.state is WorkState.FAILED]
    ledger.mark_due(HOURLY, [each.interval for each in failed])
    for each in list(ledger.due(HOURLY)):
        publish(ledger, each)
    assert ledger.published_until(HOURLY) == planned
