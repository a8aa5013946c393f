"""The ledger of trainings: in memory, and on DynamoDB."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from larder.aws.dynamodb.boto import BotoDynamo
from larder.testing.trainings import MemoryTrainingRuns
from larder.trainings.adapters.dynamodb_runs import DynamoTrainingRuns
from larder.trainings.runs import Outcome, RunState, TrainingRun, Trigger, run_id
from tests.support.tables import create_registry_table

RUN = TrainingRun(
    training="fraud",
    id="20260101t000000",
    version=1,
    state=RunState.RUNNING,
    trigger=Trigger.HAND,
    owner="execution-1",
    lease_until=10,
    started=1,
    changed=2,
    read={"card": 7},
)


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request):
    if request.param == "memory":
        yield MemoryTrainingRuns()
        return
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_registry_table(client, "registry")
        yield DynamoTrainingRuns(BotoDynamo(client), "registry")


def test_a_run_is_read_as_it_was_written(ledger):
    assert ledger.newest("fraud") is None
    assert ledger.put(RUN)
    done = replace(RUN, version=2, state=RunState.DONE, outcome=Outcome.APPROVED, cause="é")
    assert ledger.put(done)
    assert ledger.newest("fraud") == done
    assert list(ledger.trainings()) == ["fraud"]


def test_of_two_that_write_one_is_first(ledger):
    assert ledger.put(RUN)
    assert not ledger.put(RUN)
    ours, theirs = (replace(RUN, version=2, owner=each) for each in ("a", "b"))
    assert (ledger.put(ours), ledger.put(theirs)) == (True, False)
    assert ledger.newest("fraud").owner == "a"
    assert not ledger.put(replace(RUN, training="other", version=2))


def test_runs_that_ended_are_kept_newest_first(ledger):
    later = replace(RUN, id="20260102t000000")
    for each in (RUN, later, later):
        ledger.keep(each)
    ledger.keep(replace(RUN, training="other"))
    assert [each.id for each in ledger.earlier("fraud")] == [later.id, RUN.id]
    assert ledger.newest("fraud") is None


def test_a_run_is_named_by_its_first_second():
    assert run_id(1_767_225_600_000_000) == RUN.id
