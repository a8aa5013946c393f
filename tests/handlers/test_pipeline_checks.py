"""Each kind of expectation catches the fault it is for; what it catches waits for a person."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.errors import ResourceNotFound, ServiceUnavailable, ValidationError
from larder.pipelines.checks.expectation import Expectation, Kind, Severity
from larder.pipelines.checks.judge import Result
from larder.pipelines.definition import Function
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.runs.items import Acceptance
from larder.pipelines.runs.work import LONGEST_CAUSE
from tests.support.pipelines import feature, pipeline
from tests.support.staged_runs import Machine
from tests.unit.pipelines.test_runs import HOURLY, START, Clock

FEATURES = (
    feature("spend", Function.SUM, HOUR, "x", scale=2),
    feature("most", Function.MAX, HOUR, "x"),
    feature("city", Function.LAST, HOUR, "city"),
    feature("big", Function.COUNT, HOUR, where="x > 10"),
)
OURS = pipeline(FEATURES, start=HOURLY.start, late=HOURLY.late)
RUNS = 3
"""Runs without a fault, before the one with it."""


def hour(number, keys="abcd"):
    """An hour's events: each key twice, the last one shortly before the hour's end."""
    at = START + number * HOUR
    return [
        {
            "k": key,
            "t": at + (59 - part * 20) * MINUTE,
            "number": number * 100 + place * 10 + part,
            "x": 20.0 + place,
            "n": place,
            "city": "xy"[part],
        }
        for place, key in enumerate(keys)
        for part in range(2)
    ]


def changed(events, **members):
    return [{**each, **members} for each in events]


def stuck(events):
    """The last half hour is not there yet."""
    return [each for each in events if each["t"] % HOUR < 40 * MINUTE]


def doubled(events):
    """Each key comes in as many spellings."""
    return events + [{**each, "k": f"{each['k']}2", "number": -each["number"]} for each in events]


def fault(kind, seeded, **more):
    return pytest.param(Expectation(kind=kind, **more), seeded, id=str(kind))


FAULTS = [
    fault(Kind.ROWS_MIN, lambda events: [], bound=1),
    fault(Kind.ROWS_MAX, doubled, bound=8),
    fault(Kind.ROWS_COMPARED, lambda events: events[:2], bound=50, runs=RUNS - 1),
    fault(Kind.KEYS_MIN, lambda events: changed(events, k="a"), bound=3),
    fault(Kind.KEYS_MAX, doubled, bound=4),
    fault(
        Kind.KEYS_COMPARED, lambda events: changed(events, k="a"), bound=50.5, runs=RUNS - 1
    ),
    fault(Kind.UNIQUE, lambda events: changed(events, city="x"), columns=("city", "spend")),
    fault(Kind.FRESHNESS, stuck, bound=20 * MINUTE),
    fault(
        Kind.SQL,
        lambda events: changed(events, x=-5.0),
        condition="most <= spend OR city = 'y'",
        computed="most <= spend OR city = 'y'",
    ),
    fault(Kind.MIN, lambda events: changed(events, x=-1.0), feature="spend", bound=0),
    fault(
        Kind.MAX, lambda events: [{**e, "x": e["x"] * 100} for e in events], feature="spend",
        bound=99.5,
    ),
    fault(Kind.NULLS, lambda events: changed(events, x=None), feature="most", bound=49),
    fault(Kind.IN, lambda events: changed(events, city="z"), feature="city", values=("x", "y")),
    fault(Kind.ZEROS, lambda events: changed(events, x=1.0), feature="big", bound=49),
]  # fmt: skip


@pytest.fixture
def clock():
    return Clock(START)


@pytest.fixture
def machine(tmp_path, clock):
    return Machine(tmp_path, OURS, clock)


def run_hour(machine, number, seeded=lambda events: events, **asked):
    """An hour passes, and its events are looked for."""
    machine.engine.events += seeded(hour(number))
    machine.clock.now = START + (number + 1) * HOUR + OURS.late.wait
    return machine.run(**asked)


def expecting(machine, *expected):
    machine.pipeline = replace(OURS, expect=expected)


def test_every_kind_has_a_fault():
    assert {each.values[0].kind for each in FAULTS} == set(Kind)


@pytest.mark.parametrize(("expected", "seeded"), FAULTS)
def test_a_fault_is_caught_nothing_is_published_and_accept_publishes_the_same_bytes(
    machine, expected, seeded
):
    expecting(machine, expected)
    for number in range(RUNS):
        (done,) = run_hour(machine, number)
        assert done["state"] == "published", done
    before = list(machine.published)

    (done,) = run_hour(machine, RUNS, seeded)

    assert (done["state"], machine.published) == ("blocked", before)
    item = machine.items()[-1]
    (finding,) = machine.report(item.run_id).findings
    assert (finding.kind, finding.result) == (expected.kind, Result.FAILED)
    assert expected.title in done["cause"] and f"{finding.value}, expected" not in done["cause"]
    for words in (expected.title, finding.value, expected.limit, f"{item.run_id}/checks.json"):
        assert words in item.cause
    assert run_hour(machine, RUNS + 1, lambda _: hour(RUNS + 1))[0]["state"] in (
        "published", "blocked",
    )  # the next interval goes its own way  # fmt: skip

    before, staged = (
        list(machine.published),
        machine.files(f"s3://lake/pipelines/g/{item.run_id}/rows/"),
    )
    given = {"accept": item.run_id, "reason": "a holiday", "by": "ada"}
    (done,) = machine.run(**given)
    assert done["state"] == "published"
    assert machine.published == before + staged
    assert bool(staged) == (expected.kind is not Kind.ROWS_MIN)
    accepted = next(each for each in machine.items() if each.interval == item.interval)
    assert accepted.accepted == Acceptance(item.attempts, "ada", "a holiday")
    (told,) = [each for each in machine.told() if each.get("message") == "blocked run accepted"]
    assert (told["run"], told["by"], told["reason"]) == (item.run_id, "ada", "a holiday")
    assert machine.run(**given) == []  # a second time it finds nothing
    assert machine.published == before + staged


@pytest.mark.parametrize(("expected", "seeded"), FAULTS)
def test_a_check_that_warns_reports_and_goes_on(machine, expected, seeded):
    expecting(machine, replace(expected, severity=Severity.WARN))
    for number in range(RUNS):
        run_hour(machine, number)
    (done,) = run_hour(machine, RUNS, seeded)
    assert done["state"] == "published"
    (finding,) = machine.report(done["run"]).findings
    assert finding.result is Result.WARNED
    (told,) = [each for each in machine.told() if each.get("message") == "checks warn"]
    assert expected.title in told["checks"] and told["run"] == done["run"]


@pytest.mark.parametrize("kind", [Kind.ROWS_COMPARED, Kind.KEYS_COMPARED])
def test_without_earlier_runs_nothing_is_compared(machine, kind):
    expecting(machine, Expectation(kind=kind, bound=0, runs=2))
    results = []
    for number in range(4):
        (done,) = run_hour(machine, number)
        (finding,) = machine.report(done["run"]).findings
        results.append(str(finding.result))
    assert results == ["not judged", "not judged", "passed", "passed"]


def test_runs_of_another_length_are_not_compared_with(machine):
    expecting(machine, Expectation(kind=Kind.ROWS_COMPARED, bound=10, runs=1))
    run_hour(machine, 0)
    machine.engine.events += hour(1)
    (done,) = run_hour(machine, 2)  # two hours in one
    (finding,) = machine.report(done["run"]).findings
    assert finding.result is Result.NOT_JUDGED
    assert "0 of 1 runs" in finding.value


def test_a_report_names_the_keys_of_failed_rows_at_most_twenty(machine):
    expecting(machine, Expectation(kind=Kind.MIN, feature="spend", bound=0))
    keys = [f"k{number:02}" for number in range(30)]
    (done,) = run_hour(machine, 0, lambda _: changed(hour(0, keys), x=-1.0) + hour(0))
    (finding,) = machine.report(done["run"]).findings
    assert list(finding.keys) == keys[:20]
    assert not any(key in done["cause"] for key in keys)


def test_many_failures_fit_into_the_cause_which_still_has_the_address(machine):
    checks = [
        Expectation(kind=Kind.SQL, condition=f"{'x' * 90} < {number}", computed="spend < 0")
        for number in range(40)
    ]
    expecting(machine, Expectation(kind=Kind.ROWS_MAX, bound=0), *checks)
    for number in range(2):
        run_hour(machine, number)
    item = machine.items()[-1]
    assert len(item.cause) <= LONGEST_CAUSE
    assert "38 more" in item.cause
    assert f"{item.run_id}/checks.json" in item.cause
    assert item.cause.endswith("then larder pipeline resume g")


SOURCE_FAULTS = [
    pytest.param(each.values[0], each.values[1], id=each.id)
    for each in FAULTS
    if each.values[0].kind in (Kind.ROWS_MIN, Kind.FRESHNESS)
]


@pytest.mark.parametrize(("expected", "seeded"), SOURCE_FAULTS)
def test_a_source_that_fails_twice_running_pauses_the_pipeline(machine, expected, seeded):
    expecting(machine, expected)
    ledger = machine.runs.ledger
    run_hour(machine, 0, seeded)
    assert not ledger.position("g").paused
    run_hour(machine, 1)
    run_hour(machine, 2, seeded)
    assert not ledger.position("g").paused  # between the two was a good one
    (done,) = run_hour(machine, 3, seeded)
    assert ledger.position("g").paused
    assert [each["message"] for each in machine.told() if each.get("level") == "WARNING"] == [
        "pipeline paused"
    ]
    assert "Paused" in machine.items()[-1].cause
    assert run_hour(machine, 4) == []
    ledger.pause("g", False)
    (done,) = machine.run()
    assert done["state"] == "published"


def test_other_checks_do_not_pause(machine):
    expecting(machine, Expectation(kind=Kind.NULLS, feature="most", bound=0))
    for number in range(3):
        run_hour(machine, number, lambda events: changed(events, x=None))
    assert [str(each.state) for each in machine.items()] == ["blocked"] * 3
    assert not machine.runs.ledger.position("g").paused


def test_what_an_execution_still_has_to_do_is_left_when_its_pipeline_is_paused(machine):
    expecting(machine, Expectation(kind=Kind.ROWS_MIN, bound=1))
    machine.clock.now = START + 4 * DAY + OURS.late.wait
    assert [each["state"] for each in machine.run()] == ["blocked", "blocked", "taken", "taken"]
    named = {"from": "2024-10-06T00:00Z", "to": "2024-10-08T00:00Z"}
    assert [each["state"] for each in machine.run(**named)] == ["blocked", "blocked"]


@pytest.fixture
def blocked(machine):
    """The run of an hour without events."""
    expecting(machine, Expectation(kind=Kind.KEYS_MIN, bound=5))
    (done,) = run_hour(machine, 0)
    assert done["state"] == "blocked"
    return done["run"]


def test_only_the_last_attempt_of_a_blocked_interval_can_be_accepted(machine, blocked):
    named = {"from": "2024-10-04T00:00Z", "to": "2024-10-04T01:00Z"}
    (again,) = machine.run(**named)
    assert again["run"] != blocked
    with pytest.raises(
        ValidationError, match="is not blocked: its interval is blocked by attempt 2"
    ):
        machine.run(accept=blocked, reason="right")
    expecting(machine)
    machine.run(**named)
    with pytest.raises(ValidationError, match="is not blocked: its interval is published"):
        machine.run(accept=again["run"], reason="right")
    assert len(machine.published) == 1


@pytest.mark.parametrize(
    ("run", "reason", "words"),
    [
        ("g-r1-20241004T0000-20241004T0200-1", "right", "is not in the ledger"),
        ("g-r1-20241304T0000-20241004T0200-1", "right", "is not in the ledger"),
        ("g-r2-20241004T0000-20241004T0100-1", "right", "is of revision 2, and the definition"),
        ("g", "right", "run: 'g' is no run's id"),
        (None, " ", "reason: say in 1 to 500 characters"),
        (None, "é" * 501, "it has 501"),
    ],
    ids=["unknown", "no-time", "revision", "no-id", "no-reason", "long-reason"],
)
def test_what_can_not_be_accepted_is_refused_with_the_cure(machine, blocked, run, reason, words):
    with pytest.raises(ValidationError, match=words):
        machine.run(accept=run or blocked, reason=reason)


def test_other_members_beside_accept_are_refused(machine, blocked):
    with pytest.raises(ValidationError, match="'again' is not one of pipeline, accept"):
        machine.run(accept=blocked, reason="right", again=True)
    with pytest.raises(ValidationError, match="pipeline: 'g' is of run"):
        machine.step("plan", input={"pipeline": "h", "accept": blocked, "reason": "right"})


def test_of_two_acceptances_one_has_the_interval(machine, blocked):
    (chunk,) = machine.step("plan", input={"pipeline": "g", "accept": blocked, "reason": "right"})[
        "chunks"
    ]
    mine = machine.step("claim", chunk=chunk, owner="one")
    assert mine["accepts"] and mine["run"]["accepted"]["attempt"] == 1
    assert not machine.step("claim", chunk=chunk, owner="two")["taken"]
    again = machine.step("claim", chunk=chunk, owner="one")  # its answer was lost
    assert again["taken"]
    with pytest.raises(ServiceUnavailable):
        machine.step("accept", run=mine["run"])
    assert machine.step("accept", run=again["run"]) == {"rows": 8, "keys": 4}


def test_rows_that_are_gone_can_not_be_accepted(machine, blocked, tmp_path):
    (chunk,) = machine.step("plan", input={"pipeline": "g", "accept": blocked, "reason": "right"})[
        "chunks"
    ]
    run = machine.step("claim", chunk=chunk, owner="one")["run"]
    (path,) = tmp_path.glob(f"lake/pipelines/g/{blocked}/rows/*")
    path.unlink()
    with pytest.raises(ResourceNotFound, match="not as they were checked"):
        machine.step("accept", run=run)


def test_an_interval_that_was_accepted_is_computed_when_it_is_asked_for_again(machine, blocked):
    machine.run(accept=blocked, reason="right")
    expecting(machine)
    machine.engine.events = changed(machine.engine.events, x=3.0)
    named = {"from": "2024-10-04T00:00Z", "to": "2024-10-04T01:00Z"}
    (done,) = machine.run(**named, again=True)
    assert done["state"] == "published"
    first, second = machine.published
    spent = [pq.read_table(pa.BufferReader(each))["spend"].to_pylist() for each in (first, second)]
    assert spent[0] != spent[1] and set(spent[1]) == {3.0, 6.0}
    (item,) = machine.items()
    assert item.accepted is None
