"""``larder.connect().pipelines`` over a Step Functions that plays along, and a ledger in memory."""

import json
from dataclasses import replace

import pytest

from larder.backoff import Backoff
from larder.client.pipelines import PipelinesClient
from larder.errors import ConfigurationError, ValidationError
from larder.pipelines.durations import DAY
from larder.pipelines.runs.items import Claim, IntervalItem, Position, State
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from larder.wiring.executions import StateMachine
from larder.wiring.pipeline_client import PipelineExecutions

START = 20_000 * DAY
FOUR_DAYS = {"after": "2024-10-04T00:00Z", "until": "2024-10-08T00:00Z"}
ARN = "arn:aws:states:us-east-1:000000000000:execution:machine:1"


class Machine:
    """Step Functions: an execution that publishes a day of the ledger at each look."""

    def __init__(self, days=4, *, ends="SUCCEEDED", cause=""):
        self.ledger, self.days, self.ends, self.cause = MemoryLedger(), days, ends, cause
        self.asked, self.looks = None, 0

    def start_execution(self, *, stateMachineArn, input):
        assert stateMachineArn == "machine"
        self.asked = json.loads(input)
        return {"executionArn": ARN}

    def describe_execution(self, *, executionArn):
        assert executionArn == ARN
        self.looks += 1
        if self.looks > self.days:
            output = json.dumps({"published": self.days, "rows": 10 * self.days})
            return {"status": self.ends, "output": output, "cause": self.cause}
        self.publish(self.looks - 1)
        return {"status": "RUNNING"}

    def publish(self, day, owner=ARN):
        self.ledger.move(Position("card", 1, START))
        interval = Interval(START + day * DAY, START + (day + 1) * DAY)
        item = self.ledger.claim(IntervalItem("card", 1, interval), Claim(owner, 0), DAY)
        assert self.ledger.end(replace(item, state=State.PUBLISHED, rows=10))


def client(machine):
    backoff = Backoff(first=0.0001, longest=0.0001)
    executions = PipelineExecutions(
        StateMachine(machine, "machine", "V", backoff), machine.ledger, machine
    )
    return PipelinesClient(executions, no_checks, no_checks)


def no_checks():
    raise AssertionError("nothing is to be compared")


def test_a_named_interval_tells_how_much_of_it_is_done():
    machine, told = Machine(), []
    done = client(machine).run("card", **FOUR_DAYS, chunk="1d", report=told.append)
    assert (done.execution, done.status, done.published, done.rows) == (ARN, "SUCCEEDED", 4, 40)
    assert machine.asked == {
        "pipeline": "card",
        "from": "2024-10-04T00:00Z",
        "to": "2024-10-08T00:00Z",
        "chunk": "1d",
    }
    assert [each.fraction for each in told] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert [each.rows for each in told] == [10, 20, 30, 40, 40]
    assert told[-1].state == "SUCCEEDED"


def test_what_others_published_is_done_and_no_row_of_this_run():
    machine, told = Machine(days=2), []
    for day in (2, 3):
        machine.publish(day, owner="another")
    client(machine).run("card", **FOUR_DAYS, report=told.append)
    assert [(each.fraction, each.rows) for each in told] == [(0.5, 10), (1.0, 20), (1.0, 20)]


def test_what_was_published_before_is_to_be_done_again_where_that_is_asked():
    machine, told = Machine(days=2), []
    for day in (2, 3):
        machine.publish(day, owner="another")
    client(machine).run("card", **FOUR_DAYS, again=True, report=told.append)
    assert [each.fraction for each in told] == [0.25, 0.5, 0.5]


def test_of_all_that_is_due_the_end_is_not_known():
    machine, told = Machine(days=1), []
    client(machine).run("card", report=told.append)
    assert {each.fraction for each in told} == {None}
    assert machine.asked == {"pipeline": "card"}


def test_a_run_may_be_left_to_itself():
    machine = Machine()
    assert client(machine).run("card", wait=False).status == "RUNNING"
    assert machine.looks == 1


def test_a_run_that_fails_has_the_message_of_its_cause():
    machine = Machine(ends="FAILED", cause='{"errorMessage": "1 of 4 intervals; no table"}')
    done = client(machine).run("card", **FOUR_DAYS)
    assert (done.status, done.published, done.cause) == ("FAILED", 0, "1 of 4 intervals; no table")


def test_the_status_counts_intervals_and_names_those_that_are_open():
    machine = Machine()
    machine.publish(0)
    interval = Interval(START + DAY, START + 2 * DAY)
    item = machine.ledger.claim(IntervalItem("card", 1, interval), Claim("x", 0), DAY)
    machine.ledger.end(replace(item, state=State.FAILED, cause="no table"))
    found = client(machine).status("card")
    assert (found.published_until, found.states) == (
        "2024-10-04T00:00:00Z",
        {"published": 1, "failed": 1},
    )
    assert [(each.after, each.cause) for each in found.open] == [
        ("2024-10-05T00:00:00Z", "no table")
    ]
    assert client(machine).status("other") is None
    assert [each.pipeline for each in client(machine).statuses()] == ["card"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"after": "2024-10-04T00:00Z"}, "give both"),
        ({"after": "", "until": ""}, "from: '' must be ISO-8601"),
        ({"chunk": ""}, "chunk: '' must be a length"),
    ],
    ids=["half", "empty", "no-length"],
)
def test_what_means_nothing_is_refused_before_anything_starts(asked, message):
    machine = Machine()
    with pytest.raises(ValidationError, match=message):
        client(machine).run("card", **asked)
    assert machine.asked is None


def test_a_stage_of_an_older_release_has_no_machine():
    machine = Machine()
    executions = PipelineExecutions(
        StateMachine(machine, "", "LARDER_PIPELINES_MACHINE"), MemoryLedger(), machine
    )
    older = PipelinesClient(executions, no_checks, no_checks)
    with pytest.raises(ConfigurationError, match="deploy this release"):
        older.run("card")
