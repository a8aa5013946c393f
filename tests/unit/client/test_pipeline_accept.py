"""A blocked run accepted from Python and by the command: what is asked of the state machine."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

import larder
from larder.cli.main import main
from larder.client.pipelines import PipelinesClient
from larder.errors import ValidationError
from larder.pipelines.runs.items import IntervalItem, State
from larder.pipelines.runs.plan import Runs
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from larder.wiring.executions import StateMachine
from larder.wiring.pipeline_client import PipelineExecutions
from tests.support.pipelines import pipeline

RUN = "my-card-r1-20241004T0000-20241004T0100-1"


class Machine:
    """boto3's client of Step Functions, and of STS: one execution, which ends at once."""

    def __init__(self):
        self.inputs, self.ended = [], {"status": "SUCCEEDED", "output": '{"published":1,"rows":8}'}

    def start_execution(self, *, input, **_):
        self.inputs.append(json.loads(input))
        return {"executionArn": "arn:run"}

    def describe_execution(self, **_):
        return self.ended

    def get_caller_identity(self):
        return {"Arn": "arn:aws:iam::123456789012:user/ada"}


@pytest.fixture
def machine():
    return Machine()


def no_checks():
    raise AssertionError("nothing is to be compared")


@pytest.fixture
def client(machine):
    executions = PipelineExecutions(
        StateMachine(machine, "arn:machine", "V"), MemoryLedger(), machine
    )
    return PipelinesClient(executions, no_checks, no_checks)


@pytest.fixture
def connected(client, monkeypatch):
    @contextmanager
    def connect(_stage=None):
        yield SimpleNamespace(pipelines=client)

    monkeypatch.setattr(larder, "connect", connect)


def test_an_acceptance_names_the_run_its_pipeline_who_and_why(client, machine):
    done = client.accept(RUN, " a holiday ")
    assert (done.status, done.published, done.rows) == ("SUCCEEDED", 1, 8)
    assert machine.inputs == [
        {
            "pipeline": "my-card",
            "accept": RUN,
            "reason": "a holiday",
            "by": "arn:aws:iam::123456789012:user/ada",
        }
    ]


@pytest.mark.parametrize(
    ("run_id", "reason", "words"), [("card", "right", "is no run's id"), (RUN, "", "reason: say")]
)
def test_what_can_not_be_accepted_starts_nothing(client, machine, run_id, reason, words):
    with pytest.raises(ValidationError, match=words):
        client.accept(run_id, reason)
    assert machine.inputs == []


def test_the_command_says_what_was_published(connected, machine, capsys):
    assert main(["pipeline", "accept", RUN, "--reason", "a holiday"]) == 0
    assert f"{RUN}: 1 intervals published, 8 rows" in capsys.readouterr().out
    assert main(["pipeline", "accept", RUN, "--reason", "a holiday", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 8


def test_the_command_says_why_nothing_was_accepted(connected, machine, capsys):
    cause = json.dumps({"errorMessage": f"run: '{RUN}' is not blocked"})
    machine.ended = {"status": "FAILED", "cause": cause}
    assert main(["pipeline", "accept", RUN, "--reason", "a holiday"]) == 1
    assert f"{RUN}: FAILED: run: '{RUN}' is not blocked" in capsys.readouterr().err


def test_status_says_how_to_accept_a_blocked_run(client, connected, capsys):
    runs = Runs(client.executions.ledger, lambda: 0)
    of = pipeline((), group="card")
    runs.advance(of)
    item = runs.claim(of, Interval(0, 3_600_000_000), "one")
    assert isinstance(item, IntervalItem)
    runs.end(item, State.BLOCKED, rows=None, cause="rows min: 0, expected at least 1")
    assert main(["pipeline", "status", "card"]) == 1
    told = capsys.readouterr().out
    assert "blocked, attempt 1: rows min: 0, expected at least 1" in told
    assert f"larder pipeline accept {item.run_id} --reason TEXT" in told
