"""``larder model`` over the registry's table and an API in this process."""

import boto3
import orjson
import pytest
from moto import mock_aws

from lambdas.control.routes import create_handler
from larder.aws.dynamodb.boto import BotoDynamo
from larder.cli.main import main
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.wiring import model_registry
from tests.support.control import START, control_plane
from tests.support.model_registry import ARTEFACT, IMAGE, model_catalog
from tests.support.packages import SPECIFICATION

TESTER = "arn:aws:iam::123456789012:user/tester"


@pytest.fixture
def catalog():
    from tests.support.tables import create_registry_table  # noqa: PLC0415

    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, "registry")
        yield model_catalog(dynamo_model_registry(BotoDynamo(dynamodb), "registry"))


@pytest.fixture
def sm(sagemaker_door, catalog, monkeypatch):
    """A group with two versions; the second one is a second younger."""
    client, served = sagemaker_door
    served["handler"] = create_handler(control_plane(), models=catalog)
    monkeypatch.setenv("LARDER_REGISTRY_TABLE", "registry")
    monkeypatch.setattr(model_registry, "open_control", lambda _settings: client)
    client.create_model_package_group(ModelPackageGroupName="Churn")
    for _ in range(2):
        catalog.clock.now += 1_000_000
        client.create_model_package(
            ModelPackageGroupName="Churn", InferenceSpecification=SPECIFICATION
        )
    return client


def ran(capsys, *arguments, status=0):
    """What a command prints, without the API's log lines; of a refused one, on stderr."""
    capsys.readouterr()
    assert main(["model", *arguments]) == status
    told = capsys.readouterr()
    lines = told.out.splitlines(keepends=True)
    return told.err if status else "".join(each for each in lines if '"request_id"' not in each)


def test_an_alias_moves_and_the_log_says_when_and_by_whom(sm, catalog, capsys):
    catalog.clock.now += 1_000_000
    moved = ran(capsys, "alias", "churn", "champion", "1", "--from", "none", "--reason", "it won")
    assert moved == "champion of Churn is version 1\n"
    conflict = ran(capsys, "alias", "Churn", "champion", "2", "--from", "none", status=1)
    assert "champion of Churn is 1 and not none" in conflict
    ran(capsys, "alias", "Churn", "champion", "2", "--from", "1")

    told = ran(capsys, "log", "Churn").splitlines()
    assert f"champion: none -> 1 (it won)  by {TESTER}" in told[-2]
    assert told[-2].startswith("2023-11-14T22:13:23.123456Z  Churn  alias:")
    assert "alias:champion: 1 -> 2" in told[-1]
    entries = [orjson.loads(line) for line in ran(capsys, "log", "Churn", "--json").splitlines()]
    assert [entry["version"] for entry in entries] == [0, 1, 2, 0, 0]


def test_the_log_says_what_was_so_at_an_instant(sm, catalog, capsys):
    then = "2023-11-14T22:13:21.123456Z"
    assert ran(capsys, "log", "churn", "--at", then) == (
        "churn  group Completed\n"
        "churn/1  package Completed\n"
        "churn/1  approval PendingManualApproval\n"
        f"churn/1  specification {digest(catalog)}\n"
    )
    first, second = ran(capsys, "log", "churn", "--at", then, "--json").splitlines()
    assert orjson.loads(first) == {"version": 0, "group": "Completed"}
    assert orjson.loads(second)["approval"] == "PendingManualApproval"
    assert "nothing of a group 'no'" in ran(capsys, "log", "no", status=1)
    assert "--at 'then'" in ran(capsys, "log", "Churn", "--at", "then", status=1)
    early = ran(capsys, "log", "Churn", "--at", "2023-11-14T22:13:19Z", status=1)
    assert "nothing of a group" in early


def digest(catalog):
    changes = [each for entry in catalog.groups.log("churn") for each in entry.changes]
    return next(each.after for each in changes if each.what == "specification")


def test_a_model_and_a_package_are_shown_as_they_are_served(sm, capsys):
    sm.create_model(ModelName="m", PrimaryContainer={"Image": IMAGE, "ModelDataUrl": ARTEFACT})
    shown = orjson.loads(ran(capsys, "show", "Churn/2"))
    assert (shown["status"], shown["approval"]) == ("Completed", "PendingManualApproval")
    assert shown["served"]["artefacts"] == [{"sha256": "ab" * 32, "size": 12}]
    shown = orjson.loads(ran(capsys, "show", "m"))
    assert (shown["name"], shown["served"]["runtime"]) == ("m", "xgboost")
    assert "no model or model package 'x'" in ran(capsys, "show", "x", status=1)


@pytest.mark.parametrize("more", [["-1"], ["1", "--from", "first"], ["1", "--reason", "x" * 260]])
def test_a_move_that_makes_no_sense_is_bad_usage(sm, capsys, more):
    told = ran(capsys, "alias", "Churn", "champion", *more, status=2)
    assert "no move of an alias" in told


def test_times_are_whole_to_the_microsecond():
    from larder.cli.model import _micros, _time  # noqa: PLC0415

    assert _micros(_time(START)) == START
