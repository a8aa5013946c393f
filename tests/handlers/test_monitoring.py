"""The function of monitoring: what a round does, says and measures."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lambdas.monitoring.events import create_handler
from larder.errors import ResourceNotFound, ServiceUnavailable
from larder.models.registry_items import Endpoint
from larder.models.served import EndpointStatus
from larder.monitoring.alerts import AlertBook
from larder.monitoring.baselines import Baselines
from larder.monitoring.named_baselines import TRAINING_SET
from larder.monitoring.rounds import Rounds
from larder.monitoring.run import Monitor
from larder.monitoring.run_documents import run_from
from larder.monitoring.window import Cadence
from larder.testing.models import memory_model_registry
from tests.support.logs import collecting, metrics_in
from tests.support.monitoring import (
    Exposed,
    MemoryDocuments,
    MemoryTrainingSets,
    endpoint,
    memory_watches,
    model,
)
from tests.support.packages import model_package

HOUR = 3_600_000_000
EVENING = 490_002 * HOUR
"""18:00 of 2025-11-24, a quarter of an hour before ``NOW``: its day goes on."""
NOW = EVENING + HOUR // 4
NAMES = ("share", "delay")
LONG = 900.0


class Receiver:
    def __init__(self):
        self.subjects = []

    def send(self, subject, _message):
        self.subjects.append(subject)


class World:
    def __init__(self):
        self.documents, self.exposed, self.receiver = MemoryDocuments(), Exposed(), Receiver()
        self.registry, self.lines, self.now = memory_model_registry(), [], NOW
        sets = MemoryTrainingSets(june=vectors(1, 10_000))
        self.baselines = Baselines(documents=self.documents, sets=sets, clock=lambda: self.now)
        rounds = Rounds(
            registry=self.registry,
            monitor=Monitor(self.exposed, "larder_dev", self.baselines),
            baselines=self.baselines,
            documents=self.documents,
            alerts=AlertBook(documents=self.documents, stage="prod", receiver=self.receiver),
            watches=memory_watches(),
            clock=lambda: self.now,
        )
        self.handle = create_handler(rounds, collecting(self.lines))

    def serve(self, *models, name="scoring", status=EndpointStatus.IN_SERVICE):
        served = replace(endpoint(*models), name=name, status=status)
        times = {"created": NOW, "changed": NOW}
        self.registry.endpoints.create(Endpoint(name=name, uid="e", served=served, **times))

    def said(self, message):
        found = [json.loads(each) for each in self.lines]
        return [each for each in found if each.get("message") == message]

    def metrics(self):
        return metrics_in("\n".join(self.lines))


def vectors(seed, rows=3_000, shift=0.0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.beta(2, 5, rows), rng.normal(10 + shift, 4, rows)])


@pytest.fixture
def world():
    return World()


def test_windows_that_have_ended_are_run_once_and_told_by_metrics_and_messages(world):
    world.serve(model(*NAMES))
    world.baselines.make("model/late", model(*NAMES), "june")
    world.exposed.add(vectors(3, shift=4.0), at=EVENING - HOUR // 2)

    assert world.handle({}, lambda: LONG) == {"runs": 8, "baselines": 0, "left": 0}
    assert world.receiver.subjects == [
        "ALARM: delay of scoring (baseline_drift_check), Larder prod"
    ]
    [told] = [each for each in world.said("monitoring run") if each["violations"]]
    assert (told["level"], told["exposures"]) == ("WARNING", 3_000)
    assert told["violations"] == ["delay: baseline_drift_check"]
    counted = world.metrics()
    assert counted["MonitoringDriftedFeatures"] == 1
    assert (counted["MonitoringBadInputs"], counted["MonitoringSuspectSplits"]) == (0, 0)
    assert (counted["ScheduledRuns"], counted["ScheduledFailures"]) == (1, 0)

    world.lines.clear()
    assert world.handle({}, lambda: LONG) == {"runs": 0, "baselines": 0, "left": 0}
    assert world.metrics()["MonitoringDriftedFeatures"] == 1
    assert len(world.receiver.subjects) == 1


def test_an_alert_that_is_over_is_told_and_counts_no_more(world):
    world.serve(model(*NAMES))
    world.baselines.make("model/late", model(*NAMES), "june")
    world.exposed.add(vectors(3, shift=4.0), at=EVENING - HOUR // 2)
    world.handle({}, lambda: LONG)
    world.exposed.add(vectors(4), at=EVENING + HOUR // 2)
    world.now += HOUR

    world.lines.clear()
    assert world.handle({}, lambda: LONG)["runs"] == 1
    assert world.receiver.subjects[-1].startswith("OK: delay of scoring")
    assert world.metrics()["MonitoringDriftedFeatures"] == 0


def test_a_package_that_names_its_training_set_gets_its_baseline_once(world):
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/late/1"
    package = model_package("late/1")
    world.registry.packages.create(replace(package, metadata={TRAINING_SET: "june"}))
    world.serve(model(*NAMES, package=arn))

    assert world.handle({}, lambda: LONG)["baselines"] == 1
    assert world.handle({}, lambda: LONG)["baselines"] == 0


def test_one_endpoint_that_fails_costs_no_other_and_rings(world, monkeypatch):
    for name in ("broken", "scoring"):
        world.serve(model(*NAMES), name=name)
    rows = world.exposed.rows

    def fails_for_one(sql):
        if "'broken'" in sql:
            raise ServiceUnavailable("Athena does not answer")
        return rows(sql)

    monkeypatch.setattr(world.exposed, "rows", fails_for_one)
    assert world.handle({}, lambda: LONG)["runs"] == 8
    [told] = world.said("monitoring failed")
    assert (told["level"], told["of"]) == ("ERROR", "broken")
    assert told["cause"] == "Athena does not answer"
    assert world.metrics()["ScheduledFailures"] == 1


def test_runs_that_find_no_time_are_left_to_the_next_call(world):
    world.serve(model(*NAMES))
    assert world.handle({}, lambda: 89.0) == {"runs": 0, "baselines": 0, "left": 8}
    assert world.handle({}, lambda: LONG)["runs"] == 8


def test_endpoints_that_do_not_answer_are_not_watched(world):
    world.serve(model(*NAMES), status=EndpointStatus.CREATING)
    assert world.handle({}, lambda: LONG)["runs"] == 0
    assert world.exposed.asked == []


def test_a_run_that_is_asked_for_says_what_it_found_and_is_kept(world):
    world.serve(model(*NAMES))
    world.baselines.make("model/late", model(*NAMES), "june")
    world.exposed.add(vectors(3, shift=4.0), at=EVENING - HOUR // 2)

    since, until = "2025-11-24T17:00:00Z", "2025-11-24T18:00:00Z"
    asked = {"endpoint": "scoring", "since": since, "until": until}
    found = world.handle(asked, lambda: LONG)
    assert found["exposures"] == 3_000
    assert [each["feature_name"] for each in found["violations"]] == ["delay"]
    [key] = [key for key in world.documents if f"/{Cadence.ASKED}/" in key and "run.json" in key]
    assert run_from(world.documents[key]).exposures == 3_000


def test_a_run_of_an_absent_endpoint_is_refused(world):
    with pytest.raises(ResourceNotFound, match="There is no endpoint 'scoring'"):
        world.handle({"endpoint": "scoring", "since": "2026-01-01T00:00:00Z"}, lambda: LONG)
