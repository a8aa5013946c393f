"""Trainings' own machine: triggers, comparisons, approvals, kills and failures, over real XGBoost."""

from dataclasses import replace
from functools import partial

import orjson
import pytest

from larder.errors import ConflictException, ResourceNotFound
from larder.trainings.definition import Comparison, Metric, Rule, StepKind
from larder.trainings.runs import LEASE, LONGEST_FUNCTION, RunState
from tests.support.model_files import packed
from tests.support.states import ExecutionFailed
from tests.support.training_runs import (
    NAMES,
    OURS,
    SECOND,
    StepFailed,
    World,
    labelled,
    trained,
)

POOR = partial(trained, noise=1.0)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def again(world, train=trained, **given):
    """A later run, by another training step."""
    world.now += 3600 * SECOND
    world.train = train
    return world.run(**given)


def test_a_first_model_is_trained_registered_measured_and_approved(world):
    done = world.run()
    assert (done["state"], done["package"], done["champion"]) == ("done", "fraud/1", "")
    assert done["outcome"] == "approved"
    (package,) = world.packages()
    assert package.approval == "Approved"
    assert package.reason == done["reason"]
    assert "there is no champion" in package.reason
    run = world.ledger.newest("fraud")
    assert package.metadata == {
        "larder:training": "fraud",
        "larder:training-run": "20260101t000000",
        "larder:training-set": "fraud-20260101t000000",
        "larder:manifest-sha256": run.manifest_sha256,
    }
    report = world.report(done["run"])
    assert report["candidate_value"] > 0.9
    assert report["champion_value"] is None


def test_what_is_held_out_is_the_latest_and_no_training_sees_it(world):
    world.run()
    (event,) = world.trained
    seen = world.rows_of(event["rows"])
    held_out = world.rows_of("s3://lake/trainings/fraud/20260101t000000/held-out/rows.parquet")
    assert len(seen) + len(held_out) == 400
    assert len(held_out) / 400 == pytest.approx(0.25, abs=0.04)
    assert max(row["at"] for row in seen) < min(row["at"] for row in held_out)
    assert event["row_count"] == len(seen)
    assert event["features"] == list(NAMES)
    assert event["parameters"] == {"rounds": "8"}
    assert event["specification"]["inputs"][0] == {
        "name": "income",
        "feature_group": "customer",
        "feature": "income",
        "key": "customer_id",
        "missing": "nan",
    }


@pytest.mark.parametrize("trigger", ["schedule", "new_data", "alarm", "hand"])
def test_each_trigger_begins_a_run(world, trigger):
    """Row O4: schedule, new data, an alarm, and a person."""
    assert world.run(trigger)["outcome"] == "approved"
    assert world.ledger.newest("fraud").trigger == trigger


def test_new_data_that_brought_nothing_since_the_last_run_begin_none(world):
    world.until["customer"] = 5
    world.run("new_data")
    assert again(world, trigger="new_data") == {"state": "nothing to do"}
    world.until["customer"] = 6
    assert again(world, trigger="new_data")["state"] == "done"
    assert [each.read for each in world.ledger.earlier("fraud")] == [{"customer": 5}]


def test_a_worse_candidate_is_not_approved_and_a_better_one_is(world):
    world.train = POOR
    assert world.run()["outcome"] == "approved"  # there is no champion to beat
    better = again(world)
    assert (better["outcome"], better["champion"]) == ("approved", "fraud/1")
    worse = again(world, POOR)
    assert (worse["outcome"], worse["champion"]) == ("pending", "fraud/2")
    first, second, third = world.packages()
    assert [each.approval for each in (first, second, third)] == [
        "Approved",
        "Approved",
        "PendingManualApproval",
    ]
    report = world.report(worse["run"])
    assert report["candidate_value"] < report["champion_value"]
    assert f"{report['candidate_value']:.6g}" in third.reason
    assert f"{report['champion_value']:.6g}" in third.reason
    assert "not better" in third.reason


def test_an_equal_candidate_is_not_better(world):
    world.training = replace(OURS, comparison=Comparison(Metric.AUC, 25, 0.0))
    world.run()
    assert again(world)["outcome"] == "pending"


def test_by_default_a_person_approves_and_has_the_numbers(world):
    world.training = replace(OURS, rule=Rule.PENDING)
    assert world.run()["outcome"] == "pending"
    (package,) = world.packages()
    assert package.approval == "PendingManualApproval"
    assert "fraud/1 has auc 0.9" in package.reason


def test_the_alias_champion_is_whom_a_candidate_must_beat(world):
    world.train = POOR
    world.run()
    again(world)
    arn = world.catalog.groups.items.arn("fraud")
    world.catalog.groups.items.add_tags(arn, (("larder:alias:champion", "1"),))
    assert again(world)["champion"] == "fraud/1"


def test_a_champion_of_another_schema_is_left_to_a_person(world):
    world.run()
    world.rows = [{("wealth" if k == "income" else k): v for k, v in r.items()} for r in labelled()]
    done = again(world)
    assert done["outcome"] == "pending"
    assert "the champion fraud/1 can't be scored on this set" in done["reason"]
    assert "income of feature group customer" in done["reason"]


@pytest.mark.parametrize("metric", [Metric.LOG_LOSS, Metric.ACCURACY, Metric.MAE])
def test_every_metric_tells_better_from_worse(world, metric):
    world.training = replace(OURS, comparison=Comparison(metric, 25, 0.0))
    world.train = POOR
    world.run()
    assert again(world)["outcome"] == "approved"
    assert again(world, POOR)["outcome"] == "pending"


def test_a_job_gets_the_same_as_texts(world):
    step = replace(OURS.step, kind=StepKind.JOB, name="trainer-job")
    world.training = replace(OURS, step=step)

    def by_job(world, arguments):
        event = {name.removeprefix("--"): text for name, text in arguments.items()}
        event["features"] = orjson.loads(event["features"])
        event["parameters"] = {"rounds": event["rounds"]}
        return trained(world, event)

    world.train = by_job
    assert world.run()["outcome"] == "approved"


def fails(world, event):
    raise StepFailed("out of memory")


BAD = [
    (fails, "out of memory"),
    (lambda world, event: None, "have it write the model's archive to the address `output`"),
    (lambda world, event: b"no archive", "model package fraud/1 can't be served: the archive"),
    (lambda world, event: packed(("x", b"y")), "model package fraud/1 can't be served"),
]


@pytest.mark.parametrize(("train", "cause"), BAD)
def test_a_step_that_fails_or_writes_a_bad_archive_is_a_cause_in_the_status(world, train, cause):
    world.train = train
    with pytest.raises(ExecutionFailed) as failure:
        world.run()
    assert cause in failure.value.args[1]
    run = world.ledger.newest("fraud")
    assert run.state is RunState.FAILED
    assert cause in run.cause
    assert any("TrainingFailures" in line for line in map(str, world.lines))
    assert again(world)["state"] == "done", "a later run is a new one"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"target": "is_late"}, "target: the labels have no column 'is_late'"),
        ({"model": replace(OURS.model, group="none")}, "is no model package group"),
        ({"comparison": Comparison(Metric.AUC, 1, 0.0)}, "auc needs rows of both classes"),
    ],
)
def test_what_is_wrong_with_a_definition_is_found_before_or_told(world, change, cause):
    world.training = replace(OURS, **change)
    if cause.startswith("auc"):
        world.rows = [
            {**row, "is_fraud": row["is_fraud"] * (row["at"] < "2026-01-28")} for row in labelled()
        ]
    with pytest.raises(ExecutionFailed, match=cause):
        world.run()
    assert cause in world.ledger.newest("fraud").cause


def test_one_run_at_a_time(world):
    begun = []

    def meanwhile(world, event):
        begun.append(world.run())
        return trained(world, event)

    world.train = meanwhile
    assert world.run()["state"] == "done"
    assert begun == [{"state": "nothing to do"}]


@pytest.mark.parametrize("kill_at", range(1, 17))
def test_killed_anywhere_and_begun_again_one_package_is_registered(world, kill_at):
    """One version, one set; and the training is not repeated once its model lies there."""
    world.kill_at = kill_at
    killed = world.run()
    assert killed is None
    run, begun = world.ledger.newest("fraud"), len(world.trained)
    assert world.run() in ({"state": "nothing to do"}, None) or run is None or run.state == "done"
    world.now += LEASE + LONGEST_FUNCTION + SECOND
    world.run()
    found = world.ledger.newest("fraud")
    assert found.state is RunState.DONE
    (package,) = [
        each for each in world.packages() if each.metadata["larder:training-run"] == found.id
    ]
    assert package.approval in ("Approved", "PendingManualApproval")
    if run is not None and run.state == "running":
        assert len(world.packages()) == len(world.manifests) == 1
        assert found.id == run.id
        assert (found.attempts, found.outcome) == (2, "approved")
        assert len(world.trained) - begun == (0 if run.trained else 1)


def test_an_execution_that_lost_its_run_changes_nothing(world):
    world.kill_at = 7
    world.run()
    world.now += LEASE + LONGEST_FUNCTION + SECOND
    assert world.run()["state"] == "done"
    stale = {"training": "fraud", "id": "20260101t000000", "owner": "execution-1"}
    with pytest.raises(ConflictException, match="is another execution's now, or has ended"):
        world.steps({"step": "close", "run": stale}, None)


def test_a_person_who_decided_first_is_not_overruled(world):
    compare = world.comparing

    def rejected_meanwhile(event, context):
        rejected = {"ModelApprovalStatus": "Rejected", "ApprovalDescription": "no"}
        world.work.registry.update("fraud/1", rejected)
        return compare(event, context)

    world.comparing = rejected_meanwhile
    world.run()
    (package,) = world.packages()
    assert (package.approval, package.reason) == ("Rejected", "no")


def test_a_training_that_is_not_deployed_is_named(world):
    with pytest.raises(ResourceNotFound, match="training: 'absent' is not deployed; there are: f"):
        world.run(training="absent")
