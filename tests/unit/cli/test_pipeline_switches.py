"""``larder pipeline list|pause|resume|redrive``, over a ledger in memory."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

import larder
from larder.cli.main import main
from larder.client.pipelines import PipelinesClient
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.runs.items import Claim, IntervalItem, Position, State
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from larder.wiring.executions import StateMachine
from larder.wiring.pipeline_client import PipelineExecutions


class StepFunctions:
    def __init__(self):
        self.asked = []

    def start_execution(self, **given):
        self.asked.append(json.loads(given["input"]))
        return {"executionArn": "one"}

    def describe_execution(self, **_given):
        return {"status": "SUCCEEDED", "output": '{"published": 1, "rows": 5}'}


def no_checks():
    raise AssertionError("nothing is to be compared")


@dataclass
class Platform:
    pipelines: PipelinesClient


@pytest.fixture
def platform(monkeypatch):
    functions = StepFunctions()
    executions = PipelineExecutions(StateMachine(functions, "arn", "V"), MemoryLedger(), functions)
    made = Platform(PipelinesClient(executions, no_checks, no_checks))

    @contextmanager
    def connect(_stage):
        yield made

    monkeypatch.setattr(larder, "connect", connect)
    ledger = made.pipelines.executions.ledger
    ledger.move(Position("card", 1, DAY))
    ledger.note_reads("card", {"raw.a": 7}, 1200)
    item = IntervalItem("card", 1, Interval(DAY, DAY + HOUR))
    taken = ledger.claim(item, Claim("a", 0), HOUR)
    ledger.end(replace(taken, state=State.FAILED, rows=None, cause="no table"))
    return made


def test_pause_and_resume_are_noted_and_listed(platform, capsys):
    for command, paused in (("pause", True), ("resume", False)):
        assert main(["pipeline", command, "card"]) == 0
        assert platform.pipelines.status("card").paused is paused
        capsys.readouterr()
        assert main(["pipeline", "list"]) == 0
        said = capsys.readouterr().out
        assert said.startswith("card  revision 1  until 1970-01-02T00:00:00Z  1 failed")
        assert ("paused" in said) is paused
    assert main(["pipeline", "pause", "card", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pipeline": "card", "paused": True}
    assert main(["pipeline", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["paused"] is True


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_what_was_never_looked_at_has_no_switch(platform, capsys, command):
    assert main(["pipeline", command, "other"]) == 1
    assert "'other' was never looked at" in capsys.readouterr().err


def test_redrive_asks_for_all_that_failed(platform, capsys):
    assert main(["pipeline", "redrive", "card"]) == 0
    assert capsys.readouterr().out == "card: 1 intervals published, 5 rows\n"
    client = platform.pipelines.executions.machine.client
    assert client.asked == [{"pipeline": "card", "redrive": True}]


def test_status_tells_of_late_events_that_were_too_old(platform, capsys):
    assert main(["pipeline", "status", "card"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  1,200 late events were older than late.accept: they changed nothing"
