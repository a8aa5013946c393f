"""A model package's documents in S3 are the baseline of its endpoints."""

import math

import numpy as np
import orjson
import pytest

from larder.event_time import iso_millis
from larder.models.registry_items import Endpoint
from larder.monitoring.adapters.duckdb_rows import open_rows
from larder.monitoring.alerts import AlertBook
from larder.monitoring.baselines import Baselines
from larder.monitoring.columns import watched_columns
from larder.monitoring.constraints import Thresholds, suggested
from larder.monitoring.documents import constraints_json, statistics_json
from larder.monitoring.measure import measured
from larder.monitoring.rounds import Rounds
from larder.monitoring.run import Monitor
from larder.testing.models import memory_model_registry
from tests.support.monitoring import (
    RELATION,
    Exposed,
    MemoryDocuments,
    MemoryTrainingSets,
    batch_of,
    endpoint,
    memory_watches,
    model,
)
from tests.support.packages import model_package

HOUR = 3_600 * 1_000_000
START = 1_795_000_000_000_000 // HOUR * HOUR
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/churn/7"
SUBJECT = "package/churn/7"
STATISTICS, CONSTRAINTS = "s3://bucket/drift/statistics.json", "s3://bucket/drift/constraints.json"


def vectors(seed, rows=3_000, shift=0.0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.beta(2, 5, rows), rng.normal(10 + shift, 4, rows)])


def measured_of(rows, *names):
    inputs = [each for each in watched_columns(model(*names)) if each.place]
    return measured(open_rows([batch_of(rows)]), RELATION, inputs)


def resource(address):
    return {"ContentType": "application/json", "S3Uri": address}


def named(statistics=STATISTICS, constraints=CONSTRAINTS):
    given = {"Statistics": statistics, "Constraints": constraints}
    return {"ModelDataQuality": {name: resource(at) for name, at in given.items() if at}}


class World:
    """A platform with one endpoint of the package churn/7, half an hour after a window's end."""

    def __init__(self, metadata=None, **sent):
        self.documents, self.exposed = MemoryDocuments(), Exposed()
        self.sets = MemoryTrainingSets(june=vectors(2, 10_000, 4.0))
        baselines = Baselines(documents=self.documents, sets=self.sets, clock=lambda: START)
        registry = memory_model_registry()
        registry.packages.create(model_package("churn/7", sent=sent, metadata=metadata or {}))
        served = endpoint(model("share", "delay", package=ARN))
        registry.endpoints.create(
            Endpoint(name="scoring", uid="e", created=START, changed=START, served=served)
        )
        self.rounds = Rounds(
            registry=registry,
            monitor=Monitor(self.exposed, "larder_dev", baselines),
            baselines=baselines,
            documents=self.documents,
            alerts=AlertBook(documents=self.documents, stage="dev"),
            watches=memory_watches(),
            clock=lambda: START + HOUR + HOUR // 2,
        )
        found = measured_of(vectors(1, 10_000), "share", "delay")
        self.documents["drift/statistics.json"] = statistics_json(found)
        self.documents["drift/constraints.json"] = constraints_json(suggested(found))

    def go(self):
        """The round, and the report of the window that ended last."""
        done = self.rounds.go(lambda: math.inf)
        [report] = [each for each in done.runs if each.end == iso_millis(START + HOUR)]
        return done, report


@pytest.mark.parametrize("member", ["DriftCheckBaselines", "ModelMetrics"])
def test_documents_that_a_package_names_are_its_baseline(member):
    world = World(**{member: named()})
    world.exposed.add(vectors(3, shift=3.0), at=START + 5)
    done, report = world.go()
    assert (done.baselines, done.unused, done.failed) == (1, {}, {})
    assert {each.feature for each in report.violations} == {"delay"}
    assert report.variants[0].training_set == STATISTICS


def test_a_threshold_of_the_named_constraints_counts():
    world = World(DriftCheckBaselines=named())
    found = measured_of(vectors(1, 10_000), "share", "delay")
    lax = suggested(found, Thresholds(stability=50.0, distance=1.0, outside=1.0))
    world.documents["drift/constraints.json"] = constraints_json(lax)
    world.exposed.add(vectors(3, shift=3.0), at=START + 5)
    assert world.go()[1].violations == ()


def test_drift_check_baselines_come_before_the_training_set_and_metrics_after_it():
    drift = World({"larder:training-set": "june"}, DriftCheckBaselines=named())
    drift.go()
    assert drift.sets.read == []
    metrics = World({"larder:training-set": "june"}, ModelMetrics=named())
    metrics.go()
    assert metrics.sets.read == ["june"]


def test_constraints_alone_go_with_the_training_set():
    world = World({"larder:training-set": "june"}, DriftCheckBaselines=named(statistics=""))
    strict = orjson.loads(world.documents["drift/constraints.json"])
    strict["monitoring_config"]["distribution_constraints"]["comparison_threshold"] = 0.03
    world.documents["drift/constraints.json"] = orjson.dumps(strict)
    world.go()
    pinned = world.rounds.baselines.pinned(SUBJECT)
    assert pinned.baseline.training_set == "june"
    assert pinned.constraints.thresholds.stability == 0.03


@pytest.mark.parametrize(
    ("sent", "body", "told"),
    [
        (named("s3://elsewhere/a.json"), None, "lies below none of [s3://bucket/]"),
        (named("s3://bucket/gone.json"), None, "s3://bucket/gone.json does not exist"),
        (named(), b"{}", "statistics.json can't be read"),
        (named(), "columns", "has none of the columns share, delay, late"),
        (named(statistics=""), None, "names Constraints and no Statistics"),
    ],
)
def test_documents_that_are_no_baseline_are_told_in_the_run_and_alarm_nobody(sent, body, told):
    world = World(DriftCheckBaselines=sent)
    if body == "columns":
        body = statistics_json(measured_of(vectors(1, 500), "other", "names"))
    if body is not None:
        world.documents["drift/statistics.json"] = body
    world.exposed.add(vectors(3), at=START + 5)
    done, report = world.go()
    assert told in done.unused[SUBJECT]
    assert report.variants[0].note == done.unused[SUBJECT]
    assert done.unused[SUBJECT].startswith("DriftCheckBaselines.ModelDataQuality")
    assert done.failed == {}
