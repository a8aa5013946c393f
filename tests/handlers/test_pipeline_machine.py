"""The state machine's own definition over the steps' handler, killed anywhere, and with poison.

The stores are a model: the newest write time wins online, and history keeps each row of an
ingestion once.
"""

import json
import re

import pytest

from lambdas.pipelines.events import create_handler
from larder.errors import LarderError
from larder.offline.queries import QueryFailed
from larder.pipelines.checks.check import Checks
from larder.pipelines.definition import Function, Late
from larder.pipelines.dialects import spark_texts
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.lineage.events import Place, RunEvents
from larder.pipelines.lineage.note import LineageNotes
from larder.pipelines.runs.documents import item_of
from larder.pipelines.runs.items import LEASE
from larder.pipelines.runs.plan import Asked, Runs
from larder.pipelines.runs.ports import IntervalsFailed
from larder.pipelines.runs.spark import START_MINUTES, SparkJob
from larder.pipelines.runs.work import PipelineWork
from larder.pipelines.sql.statement import Interval
from larder.telemetry.log import Log
from larder.testing.pipeline_runs import MemoryLedger, MemoryReports
from stacks.pipeline_machine import RUN_SPARK, Spark, definition
from tests.faults.killing import Killed
from tests.support.pipelines import expected, feature, on_duckdb, pipeline
from tests.support.states import run_machine
from tests.unit.pipelines.test_runs import HOURLY, START, Clock

OURS = pipeline(
    [feature("n", Function.COUNT, 2 * HOUR), feature("x", Function.SUM, HOUR, "x")],
    HOUR,
    start=HOURLY.start,
    late=Late(5 * MINUTE, 400 * DAY),
)


FROM_BYTES = 1000
MINUTES = 5
LONGEST_LEASE = (MINUTES + START_MINUTES) * MINUTE + LEASE


class Platform:
    """Everything that stays when an execution dies; ``kill_at`` counts down its chances to.

    ``reads`` is how many bytes an interval reads; without it the stage has no Spark job.
    """

    def __init__(self, events, reads=None):
        self.events, self.clock = events, Clock(START)
        self.runs = Runs(MemoryLedger(), self.clock)
        self.rows, self.versions, self.online, self.lines = {}, {}, {}, []
        self.poison, self.kill_at, self.chances = set(), None, 0
        self.number = 0
        checks = Checks(self.runs.ledger, self, MemoryReports())
        self.reads, self.computed_by, self.files = reads, [], MemoryReports()
        texts = {"g": spark_texts(OURS)}
        job = SparkJob(lambda: texts, self.files, self, FROM_BYTES, MINUTES)
        spark = None if reads is None else job
        work = PipelineWork(self.runs, lambda: {"g": OURS}, self, checks, "lake", spark=spark)
        events_of = RunEvents(Place("123456789012", "us-east-1", "dev"), self.clock)
        lineage = LineageNotes(events_of, lambda _name: (OURS, {}), self, self.lost)
        self.handle = create_handler(work, Log(write=self.lines.append), None, lineage)

    def put(self, key, event):
        pass

    def lost(self, run_id, error):
        raise AssertionError(f"{run_id}: {error}")

    def to_read(self, source, span):
        assert source == OURS.source
        return self.reads

    def unload(self, query, folder, token, remaining):
        if any(day in token for day in self.poison):
            raise QueryFailed("the poisoned day")

    def count(self, folder):
        return len(self._rows(folder))

    def select(self, folder, _query):
        rows = self._rows(folder)
        return [{"n": len(rows), "k": len({key for key, _ in rows})}]

    def _rows(self, folder):
        # each attempt has a folder of its own, so its rows are those of the interval
        run = folder.split("/")[-3]
        return self.rows[run]

    def call(self, resource, parameters):
        self._may_die()
        if resource == "publisher":
            answer = self._publish(parameters["run"])
        elif resource == RUN_SPARK:
            assert parameters["JobName"] == "job"
            answer = self._run_spark(parameters["Arguments"])
        else:
            answer = self.handle(parameters, lambda: 60.0)
            if parameters["step"] == "compute":
                item = item_of(parameters["run"])
                self.computed_by.append("athena")
                self.rows[item.run_id] = on_duckdb(OURS, self.events, item.interval)
        self._may_die()
        return answer

    def _run_spark(self, arguments):
        """The rows of an interval, which is read in the text that the job was given."""
        self.computed_by.append("spark")
        text = self.files.read(arguments["--sql"]).decode()
        after, until = (int(re.search(rf"r\.p {sign} (\d+)", text)[1]) for sign in (">", "<="))
        run = arguments["--run"]
        assert arguments["--out"] == f"s3://lake/pipelines/g/{run}/rows/"
        self._may_die()
        self.rows[run] = on_duckdb(OURS, self.events, Interval(after, until))
        return {"JobRunState": "SUCCEEDED"}

    def _publish(self, run):
        item = item_of(run)
        found = self.rows[item.staged_run]
        for key, row in sorted(found.items()):
            self._may_die()
            self.versions[key, item.published_run] = row
            newest = self.online.get(key[0])
            if newest is None or newest[0] <= key[1]:
                self.online[key[0]] = (key[1], row)
        return {"rows": len(found)}

    @property
    def history(self):
        """The rows by key and point, of which none is there twice."""
        found = {key: row for (key, _), row in self.versions.items()}
        assert len(found) == len(self.versions)
        return found

    def _may_die(self):
        self.chances += 1
        if self.chances == self.kill_at:
            raise Killed

    def execute(self, **asked):
        self.number += 1
        given = {"pipeline": "g", **asked}
        job = None if self.reads is None else Spark("job", 4500)
        machine = definition("steps", "publisher", job)
        return run_machine(machine, given, self.call, f"execution {self.number}")

    def states(self):
        found = [str(each.state) for each in self.runs.ledger.intervals("g", 1, 0)]
        return {state: found.count(state) for state in found}


def events(days):
    return [
        {"k": "ab"[n % 2], "t": START + n * 7 * HOUR, "number": n, "x": n / 4, "n": n, "city": "x"}
        for n in range(days * 24 // 7)
    ]


def run_whole(kill_at=None, reads=None):
    platform = Platform(events(1), reads)
    platform.kill_at, platform.clock.now = kill_at, START + DAY + 5 * MINUTE
    try:
        platform.execute(chunk="12h")
    except Killed:
        platform.clock.now += LONGEST_LEASE + 1
        platform.execute(chunk="12h")
    return platform


WHOLE = run_whole()
ON_SPARK = run_whole(reads=FROM_BYTES)


@pytest.mark.parametrize("kill_at", range(1, WHOLE.chances + 1))
def test_killed_anywhere_the_next_execution_leaves_the_same_in_both_stores(kill_at):
    platform = run_whole(kill_at)
    assert platform.chances > WHOLE.chances
    assert platform.history == WHOLE.history
    assert platform.online == WHOLE.online
    assert platform.states() == {"published": 2}


@pytest.mark.parametrize("kill_at", range(1, ON_SPARK.chances + 1))
def test_killed_anywhere_on_spark_the_next_execution_leaves_the_same(kill_at):
    platform = run_whole(kill_at, reads=FROM_BYTES)
    assert platform.chances > ON_SPARK.chances
    assert platform.history == WHOLE.history
    assert platform.online == WHOLE.online
    assert platform.states() == {"published": 2}
    assert set(platform.computed_by) == {"spark"}


@pytest.mark.parametrize(("reads", "engine"), [(FROM_BYTES, "spark"), (FROM_BYTES - 1, "athena")])
def test_auto_takes_spark_from_so_many_bytes_on_and_both_leave_the_same(reads, engine):
    platform = run_whole(reads=reads)
    assert platform.computed_by == [engine, engine]
    assert (platform.history, platform.online) == (WHOLE.history, WHOLE.online)
    chosen = [json.loads(line) for line in platform.lines if "engine chosen" in line]
    assert [(each["engine"], each["bytes"]) for each in chosen] == [(engine, reads)] * 2


def test_no_other_execution_takes_an_interval_while_its_job_may_run():
    platform = Platform(events(1), FROM_BYTES)
    platform.clock.now = START + DAY + 5 * MINUTE

    def killed(arguments):
        raise Killed

    platform._run_spark, run = killed, platform._run_spark
    with pytest.raises(Killed):
        platform.execute()
    platform._run_spark = run
    platform.clock.now += LONGEST_LEASE - 1
    assert platform.execute() == {"published": 0, "rows": 0}
    platform.clock.now += 2
    assert platform.execute()["published"] == 1


def test_what_one_execution_leaves_is_what_the_rules_say_and_a_second_one_adds_nothing():
    assert expected(OURS, events(1), Interval(START, START + DAY)) == WHOLE.history
    platform = run_whole()
    assert platform.execute() == {"published": 0, "rows": 0}
    assert platform.history == WHOLE.history


def test_of_two_executions_at_once_one_computes():
    platform = Platform(events(1))
    platform.clock.now = START + DAY + 5 * MINUTE
    planned = platform.handle({"step": "plan", "input": {"pipeline": "g"}}, lambda: 60.0)
    (chunk,) = planned["chunks"]
    claims = [
        platform.handle({"step": "claim", "chunk": chunk, "owner": owner}, lambda: 60.0)["taken"]
        for owner in ("one", "two")
    ]
    assert claims == [True, False]
    assert platform.execute() == {"published": 0, "rows": 0}
    platform.clock.now += LEASE + 1
    assert platform.execute()["published"] == 1


def test_of_30_days_with_a_poisoned_one_29_are_published_and_a_redrive_does_one():
    platform = Platform(events(30))
    platform.clock.now = START + 30 * DAY + 5 * MINUTE
    platform.poison = {"-r1-20241010T0000-"}
    asked = {"from": "2024-10-04T00:00Z", "to": "2024-11-03T00:00Z", "chunk": "1d"}
    with pytest.raises(IntervalsFailed, match=r"1 of 30 intervals; g-r1-20241010T0000-.*poisoned"):
        platform.execute(**asked)
    assert platform.states() == {"published": 29, "failed": 1}
    with pytest.raises(LarderError, match="1 of 1 intervals"):
        platform.execute(redrive=True)
    platform.poison = set()
    assert platform.execute(redrive=True)["published"] == 1
    assert platform.execute(redrive=True) == {"published": 0, "rows": 0}
    assert platform.states() == {"published": 30}
    assert platform.history == expected(OURS, events(30), Interval(START, START + 30 * DAY))
    assert platform.runs.advance(OURS).published_until == START + 30 * DAY
    assert platform.runs.look(OURS, Asked()) == []
