"""The steps of a run as the state machine calls them, over a ledger in memory."""

from dataclasses import replace

import orjson
import pytest

from lambdas.pipelines.events import create_handler
from larder.errors import ResourceNotFound, ServiceUnavailable, ValidationError
from larder.pipelines.checks.check import Checks
from larder.pipelines.checks.expectation import Expectation, Kind
from larder.pipelines.consistency.report import (
    Comparison,
    ConsistencyReport,
    FeatureComparison,
    Question,
    Timeliness,
)
from larder.pipelines.definition import Source
from larder.pipelines.durations import DAY, HOUR, SECOND
from larder.pipelines.lineage.events import Place, RunEvents
from larder.pipelines.lineage.note import LineageNotes
from larder.pipelines.lineage.uses import How, SourceColumn, Use
from larder.pipelines.runs.items import DUE, LEASE
from larder.pipelines.runs.late import Committed, LateEvents
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.ports import ChecksFailed, IntervalsFailed
from larder.pipelines.runs.work import PipelineWork
from larder.pipelines.sql.statement import Interval
from larder.telemetry.log import Log
from larder.testing.pipeline_runs import MemoryLedger, MemoryReports
from tests.support.pipelines import all_functions, pipeline
from tests.unit.pipelines.test_runs import HOURLY, START, Clock

ROWS = (Expectation(kind=Kind.ROWS_MIN, bound=1), Expectation(kind=Kind.ROWS_MAX, bound=10))
OURS = pipeline(all_functions([DAY]), HOUR, start=HOURLY.start, late=HOURLY.late, expect=ROWS)
NAMED = {"pipeline": "g", "from": "2024-10-04T00:00Z", "to": "2024-10-04T02:00Z"}


class Engine:
    """Notes what it is asked for; ``rows`` is what a folder has."""

    def __init__(self):
        self.asked, self.rows = [], 5

    def unload(self, query, folder, token, remaining):
        self.asked.append((query, folder, token))

    def count(self, _folder):
        return self.rows

    def select(self, _folder, _query):
        return [{"n": self.rows, "k": 3}]


class Commits:
    """A table to which ``late`` is committed after its first snapshot."""

    def __init__(self):
        self.late = {}

    def newest(self, _table):
        return 2 if self.late else 1

    def between(self, _table, _column, _unit, _step, _since):
        return Committed(self.late)


class Machine:
    """The state machine's inner states, one after the other."""

    def __init__(self):
        self.clock, self.engine, self.lines = Clock(START + DAY), Engine(), []
        self.runs = Runs(MemoryLedger(), self.clock)
        self.commits = Commits()
        late = LateEvents(self.runs.ledger, self.commits, self.clock)
        checks = Checks(self.runs.ledger, self.engine, MemoryReports())
        self.declared_all = {"g": OURS}
        declared = lambda: self.declared_all  # noqa: E731
        work = PipelineWork(self.runs, declared, self.engine, checks, "lake", late)
        self.compared, self.events, self.losses, self.is_lost = [], {}, [], False
        log = Log(write=self.lines.append)
        events = RunEvents(Place("123456789012", "us-east-1", "dev"), self.clock)
        lineage = LineageNotes(events, self.declared, self, self.lost)
        self.handle = create_handler(work, log, self.compare, lineage)

    def compare(self, name, remaining):
        self.compared.append((name, remaining()))
        wrong = Comparison(Question.STORE_VS_HISTORY, 4, (FeatureComparison("a", 4, 1),))
        return ConsistencyReport(
            pipeline=name,
            revision=1,
            at="",
            salt="",
            keys=4,
            comparisons=(wrong,),
            timeliness=Timeliness(50, 1),
        )

    def declared(self, name):
        assert name == "g"
        return OURS, {"count_1440": (Use(SourceColumn("raw.events", "t"), How.WINDOW),)}

    def put(self, key, event):
        if self.is_lost:
            raise ServiceUnavailable("S3 is away")
        self.events[key] = event

    def lost(self, run_id, error):
        self.losses.append((run_id, str(error)))

    def step(self, name, **event):
        return self.handle({"step": name, **event}, lambda: 60.0)

    def plan(self, **asked):
        return self.step("plan", input={**NAMED, **asked})["chunks"]

    def claim(self, chunk, owner="one"):
        return self.step("claim", chunk=chunk, owner=owner)

    def states(self):
        items = self.runs.ledger.intervals("g", 1, 0)
        return [(str(each.state), each.rows, each.cause) for each in items]


@pytest.fixture
def machine():
    return Machine()


def test_a_chunk_goes_from_its_claim_to_its_record(machine):
    (chunk,) = machine.plan()
    run = machine.claim(chunk)["run"]
    machine.step("compute", run=run)
    ((query, folder, token),) = machine.engine.asked
    assert query.startswith("WITH")
    assert token == "g-r1-20241004T0000-20241004T0200-1"
    assert folder == f"s3://lake/pipelines/g/{token}/rows/"
    rows = machine.step("check", run=run)["rows"]
    done = machine.step("record", run=run, rows=rows)
    assert machine.states() == [("published", 5, "")]
    assert machine.step("close", results=[done]) == {"published": 1, "rows": 5}
    assert machine.plan() == []


@pytest.mark.parametrize(
    ("error", "state", "cause"),
    [
        (
            {"Error": "ChecksFailed", "Cause": '{"errorMessage": "few"}'},
            "blocked",
            "ChecksFailed: few",
        ),
        ({"Error": "QueryFailed", "Cause": "no JSON"}, "failed", "QueryFailed: no JSON"),
        ({"Error": "States.Timeout"}, "failed", "States.Timeout: "),
    ],
    ids=["check", "query", "time"],
)
def test_what_fails_marks_the_interval_and_then_the_run(machine, error, state, cause):
    (chunk,) = machine.plan()
    claim = machine.claim(chunk)
    failed = machine.step("fail", chunk={**chunk, "claim": claim, "error": error})
    assert machine.states() == [(state, None, cause)]
    with pytest.raises(IntervalsFailed, match="1 of 1 intervals"):
        machine.step("close", results=[failed])
    metrics = [orjson.loads(each) for each in machine.lines]
    assert any(each.get("PipelineFailures") == 1 for each in metrics)


def test_a_plan_reopens_what_late_events_touch_and_says_what_was_too_old(machine):
    (chunk,) = machine.plan()
    run = machine.claim(chunk)["run"]
    machine.step("record", run=run, rows=5)
    machine.commits.late = {START + HOUR: 1, START - 30 * DAY: 2}
    (due,) = machine.step("plan", input={"pipeline": "g"})["chunks"][:1]
    assert (due["after"], due["until"]) == (chunk["after"], chunk["until"])
    lines = [orjson.loads(each) for each in machine.lines]
    (said,) = (each for each in lines if each.get("message") == "late events")
    assert (said["pipeline"], said["intervals_due_again"]) == ("g", 1)


def test_a_paused_pipeline_waits_with_late_events(machine):
    (chunk,) = machine.plan()
    machine.step("record", run=machine.claim(chunk)["run"], rows=5)
    machine.runs.ledger.pause("g", paused=True)
    machine.commits.late = {START + HOUR: 1}
    assert machine.step("plan", input={"pipeline": "g"})["chunks"] == []
    assert machine.states() == [("published", 5, "")]


def test_a_claim_that_failed_has_no_interval_to_mark(machine):
    (chunk,) = machine.plan()
    machine.step("fail", chunk={**chunk, "error": {"Error": "ServiceUnavailable", "Cause": ""}})
    assert machine.states() == []


def test_of_two_executions_one_computes_and_the_other_does_nothing(machine):
    (chunk,) = machine.plan()
    run = machine.claim(chunk, "one")["run"]
    assert machine.claim(chunk, "two") == {
        "taken": False,
        "accepts": False,
        "may_use_spark": False,
        "run": None,
    }
    machine.clock.now += LEASE + 1
    assert machine.claim(chunk, "two")["taken"]
    for step in ("compute", "check"):
        with pytest.raises(ServiceUnavailable):
            machine.step(step, run=run)
    assert machine.step("close", results=[{"state": "taken"}]) == {"published": 0, "rows": 0}


@pytest.mark.parametrize(
    ("rows", "words"), [(0, "rows min. Report: s3://lake/"), (11, "rows max. Report: s3://lake/")]
)
def test_too_few_or_too_many_rows_are_refused(machine, rows, words):
    (chunk,) = machine.plan()
    machine.engine.rows = rows
    with pytest.raises(ChecksFailed, match=words):
        machine.step("check", run=machine.claim(chunk)["run"])


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"pipeline": "other"}, ResourceNotFound, "not declared in this stage .declared: g"),
        ({"pipeline": ""}, ValidationError, "pipeline: ''"),
        ({"to": None}, ValidationError, "give both"),
        ({"from": "yesterday"}, ValidationError, "from: 'yesterday' must be ISO-8601"),
        ({"from": "2024-10-04T00:00"}, ValidationError, "with a zone"),
        ({"chunk": "a day"}, ValidationError, "chunk: 'a day' must be a length"),
        ({"again?": True}, ValidationError, "'again.' is not one of"),
    ],
    ids=["unknown", "unnamed", "half", "no-time", "no-zone", "no-length", "no-member"],
)
def test_an_input_that_means_nothing_is_refused_with_the_cure(machine, asked, error, message):
    with pytest.raises(error, match=message):
        machine.plan(**asked)


def test_a_run_has_one_start_and_one_end_however_often_a_step_is_repeated(machine):
    (chunk,) = machine.plan()
    run = machine.claim(chunk)["run"]
    for _ in range(2):
        machine.step("record", run=run, rows=5)
    kinds = [each["eventType"] for each in machine.events.values()]
    assert kinds == ["START", "COMPLETE"]
    assert len({each["run"]["runId"] for each in machine.events.values()}) == 1
    assert all(key.startswith("lineage/2024-10-04/") for key in machine.events)


def test_a_failed_run_says_why(machine):
    (chunk,) = machine.plan()
    claim = machine.claim(chunk)
    error = {"Error": "QueryFailed", "Cause": "no such column"}
    machine.step("fail", chunk={**chunk, "claim": claim, "error": error})
    _, failed = machine.events.values()
    assert failed["eventType"] == "FAIL"
    message = failed["run"]["facets"]["errorMessage"]["message"]
    assert message == "QueryFailed: no such column"


def test_a_run_goes_on_where_its_lineage_is_lost(machine):
    machine.is_lost = True
    (chunk,) = machine.plan()
    run = machine.claim(chunk)["run"]
    assert machine.step("record", run=run, rows=5)["state"] == "published"
    assert machine.losses == [(run["run_id"], "S3 is away")] * 2


def test_a_comparison_says_how_much_differs_and_is_late_in_percent(machine):
    assert machine.step("consistency", pipeline="g") == {"different": 1, "cells": 4}
    assert machine.compared == [("g", 60.0)]
    (found,) = [line for line in map(orjson.loads, machine.lines) if "_aws" in line]
    assert (found["PipelineMismatchPercent"], found["PipelineLatePercent"]) == (25.0, 2.0)
    assert {each["Unit"] for each in found["_aws"]["CloudWatchMetrics"][0]["Metrics"]} == {
        "Percent"
    }


def test_a_step_that_does_not_exist_is_refused(machine):
    with pytest.raises(ValidationError, match="step: 'wait' is not one of"):
        machine.step("wait")


def test_the_age_of_data_is_told_though_nothing_is_published(machine):
    def ages():
        machine.lines.clear()
        machine.step("freshness")
        told = [orjson.loads(each) for each in machine.lines]
        found = {e.get("Pipeline"): e["PipelineDataAge"] for e in told if "PipelineDataAge" in e}
        assert found.pop(None) == max(found.values())
        return list(found.items())

    machine.declared_all["g"] = replace(OURS, freshness=3 * HOUR)
    machine.declared_all["h"] = OURS
    assert ages() == [("g", DAY / SECOND)]
    (chunk,) = machine.plan()
    machine.step("record", run=machine.claim(chunk)["run"], rows=5)
    assert ages() == [("g", 22 * HOUR / SECOND)]
    machine.clock.now += HOUR
    assert machine.step("plan", input={"pipeline": "g"})
    assert ages() == [("g", 23 * HOUR / SECOND)]


def test_a_group_is_read_by_the_table_that_it_has_now():
    machine = Machine()
    of_group = replace(OURS, source=Source(group="clicks", time="t"))
    machine.declared_all["g"] = of_group
    tables = iter(["clicks_1", "clicks_2"])
    read = lambda each: replace(each, source=replace(OURS.source, table=f"db.{next(tables)}"))  # noqa: E731
    work = PipelineWork(
        replace(machine.runs, watermark=lambda: START + DAY),
        lambda: machine.declared_all,
        machine.engine,
        Checks(machine.runs.ledger, machine.engine, MemoryReports()),
        "lake",
        sources=read,
    )
    for day in (0, 1):
        interval = Interval(START + day * HOUR, START + (day + 1) * HOUR)
        item = work.claim(of_group, interval, "me", DUE)
        work.compute(item, lambda: 1.0)
    queries = [query for query, _, _ in machine.engine.asked]
    assert ['"db"."clicks_1"' in queries[0], '"db"."clicks_2"' in queries[1]] == [True, True]
