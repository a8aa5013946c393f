"""``larder.connect().predictions`` and ``larder predict`` over the machine's own steps."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import larder
from larder.backoff import Backoff
from larder.cli.main import main
from larder.client.predictions import PredictionsClient
from larder.declared.predictions import load_predictions, load_target_groups
from larder.errors import ConfigurationError, ResourceNotFound, ValidationError
from larder.predictions.adapters.documents import to_json
from larder.wiring.executions import StateMachine
from larder.wiring.prediction_client import PredictionRuns
from tests.support.prediction_runs import OURS, World, customers
from tests.support.states import ExecutionFailed

AT = "2026-01-01T00:05Z"
PAGE = (Path(__file__).parents[3] / "docs/predictions.md").read_text()


class Machine:
    """Step Functions over a world, in which an execution ends before it is looked at."""

    def __init__(self, world):
        self.world, self.ended = world, {}

    def start_execution(self, *, stateMachineArn, input):
        assert stateMachineArn == "machine"
        given = json.loads(input)
        given.pop("prediction")
        try:
            ended = {"status": "SUCCEEDED", "output": json.dumps(self.world.run(**given))}
        except ExecutionFailed as failure:
            ended = {"status": "FAILED", "cause": failure.args[1]}
        arn = f"execution-{self.world.executions}"
        self.ended[arn] = ended
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn):
        return self.ended[executionArn]

    def get_object(self, *, Bucket, Key):
        assert (Bucket, Key) == ("assets", "predictions.json")
        return {"Body": Body(to_json([self.world.prediction]))}


class Body:
    """A streaming body of boto3."""

    def __init__(self, body):
        self.body = body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self):
        return self.body


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path, replace(OURS, tolerated=25))
    found.write(customers(40))
    found.register()
    return found


@pytest.fixture
def client(world):
    machine = Machine(world)
    backoff = Backoff(first=0.0001, longest=0.0001)
    return PredictionsClient(
        PredictionRuns(
            StateMachine(machine, "machine", "V", backoff),
            world.runs.ledger,
            world.objects,
            machine,
            "lake",
            "s3://assets/predictions.json",
        )
    )


@pytest.fixture
def command(client, monkeypatch, capsys):
    """Runs ``larder predict``: the exit status, what it printed, and its errors."""

    class Platform:
        predictions = client

    @contextmanager
    def connect(_stage):
        yield Platform

    monkeypatch.setattr(larder, "connect", connect)

    def run(*arguments):
        status = main(["predict", *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def test_a_run_tells_how_far_it_is_and_what_it_came_to(client):
    told = []
    done = client.run("credit", as_of=AT, report=told.append)
    assert (done.status, done.rows, done.failed_shards) == ("SUCCEEDED", 40, ())
    assert (told[-1].fraction, told[-1].rows, told[-1].state) == (1.0, 40, "SUCCEEDED")
    latest = client.latest("credit")
    assert (latest.rows, latest.as_of) == (40, "2026-01-01T00:05:00Z")
    assert latest.address.endswith("model=credit/version=1/as_of=20260101T0005/")
    assert (latest.report["snapshot"], latest.report["shards"]) == (101, 4)


def test_a_run_that_is_not_waited_for_is_told_as_it_is(client):
    assert client.run("credit", as_of=AT, wait=False).status == "SUCCEEDED"


def test_before_the_first_run_there_is_nothing(client):
    assert (client.status("credit"), client.latest("credit")) == (None, None)
    with pytest.raises(ResourceNotFound, match="has never run"):
        client.pause("credit")


def test_a_status_has_what_is_not_published_and_why(client, world):
    world.poison = {0, 1}
    done = client.run("credit", as_of=AT)
    assert (done.status, "2 of 4 shards failed" in done.cause) == ("FAILED", True)
    status = client.status("credit")
    assert (status.published_until, status.states) == ("", {"blocked": 1})
    (run,) = status.open
    assert (run.as_of, run.state, "2 of 4 shards" in run.cause) == (
        "2026-01-01T00:05:00Z",
        "blocked",
        True,
    )
    world.poison = {1}
    done = client.redrive("credit")
    assert (done.rows, done.failed_shards) == (len(world.online), (1,))
    assert client.status("credit").open == []


def test_a_backfill_runs_instants_in_order_and_ends_with_the_first_that_fails(client, world):
    asked = {"after": "2026-01-01T00:00Z", "until": "2026-01-01T00:09Z", "every": "3m"}
    done = list(client.backfill("credit", **asked))
    assert [each.run.rsplit("-", 2)[1] for each in done] == [
        "20260101T0003",
        "20260101T0006",
        "20260101T0009",
    ]
    world.poison = {0, 1, 2, 3}
    later = {**asked, "after": "2026-01-01T00:03Z", "every": "2m"}
    assert [each.status for each in client.backfill("credit", **later)] == ["FAILED"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"every": "90s"}, "every: '90s' must be whole minutes"),
        ({"until": "2025-01-01T00:00Z"}, "must be before to"),
        ({"after": "2020-01-01T00:00Z", "every": "1m"}, "makes more than 1,000 runs"),
    ],
)
def test_instants_that_can_not_be_are_refused(client, change, said):
    asked = {"after": "2026-01-01T00:00Z", "until": "2026-01-01T00:09Z", "every": "3m"}
    with pytest.raises(ValidationError, match=said):
        list(client.backfill("credit", **asked | change))


def test_where_an_older_release_is_deployed_the_cure_is_said():
    runs = PredictionRuns(
        StateMachine(None, "", "LARDER_PREDICTIONS_MACHINE"), None, None, None, "lake", ""
    )
    with pytest.raises(ConfigurationError, match="LARDER_PREDICTIONS_MACHINE is not set"):
        PredictionsClient(runs).run("credit")
    with pytest.raises(ConfigurationError, match="LARDER_PREDICTIONS_DEFINITIONS is not set"):
        PredictionsClient(runs).list()


def test_commands_print_for_people(command, world):
    assert command("status", "credit") == (1, "", "larder predict: credit has never run\n")
    assert command("latest", "credit")[0] == 1
    world.poison = {0, 1}
    status, _, error = command("run", "credit", "--as-of", AT)
    assert (status, "credit: FAILED: GateClosed" in error) == (1, True)
    status, out, _ = command("status", "credit")
    assert (status, "larder predict redrive credit --as-of 2026-01-01T00:05:00Z" in out) == (
        1,
        True,
    )
    world.poison = {1}
    status, out, _ = command("redrive", "credit", "--as-of", AT)
    assert (status, "scores published, without shards [1]" in out) == (0, True)
    assert "nothing to do" in command("run", "credit", "--as-of", AT)[1]
    assert command("list")[1] == "credit: credit (approved) scores customer into credit\n"
    assert command("pause", "credit")[1] == "credit is paused\n"
    assert "paused): published until 2026-01-01T00:05:00Z" in command("status", "credit")[1]
    assert command("resume", "credit")[1] == "credit is run by schedule again\n"
    assert "by credit/1 of snapshot 101" in command("latest", "credit")[1]


def test_commands_print_json(command):
    status, out, _ = command("run", "credit", "--as-of", AT, "--json")
    assert (status, json.loads(out)["rows"]) == (0, 40)
    bounds = ("--from", "2026-01-01T00:05Z", "--to", "2026-01-01T00:07Z", "--every", "1m")
    lines = command("backfill", "credit", *bounds, "--json")[1].splitlines()
    assert [json.loads(each)["rows"] for each in lines] == [40, 40]
    assert json.loads(command("status", "credit", "--json")[1])["states"] == {"published": 3}
    assert json.loads(command("latest", "credit", "--json")[1])["rows"] == 40
    assert json.loads(command("list", "--json")[1])[0]["name"] == "credit"
    assert json.loads(command("pause", "credit", "--json")[1])["paused"] is True


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_pages_files_are_predictions(tmp_path, text):
    (tmp_path / "it.yaml").write_text(text)
    (found,) = load_predictions(tmp_path)
    assert load_target_groups(tmp_path, {})[0]["Request"]["FeatureGroupName"] == found.target.group
    assert found.schedule.every or found.schedule.cron


def test_the_pages_program_runs(client, world, capsys):
    (program,) = blocks("python")
    platform = type("Platform", (), {"predictions": client})
    exec(program.replace("credit_score", "credit"), {"platform": platform})
    assert capsys.readouterr().out == "40 2026-01-01T00:10:00Z credit/1 101\n"
