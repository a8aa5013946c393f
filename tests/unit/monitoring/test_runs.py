"""M3, M4, A6: runs over exposures against pinned baselines, on DuckDB in Athena's place."""

import json
from dataclasses import replace

import numpy as np
import pytest

from larder.monitoring.baselines import Baselines
from larder.monitoring.documents import STATISTICS
from larder.monitoring.run import Monitor
from larder.monitoring.run_documents import run_from, run_json
from larder.monitoring.violations import Check
from larder.monitoring.window import Cadence, Window, due
from tests.support.monitoring import (
    Exposed,
    MemoryDocuments,
    MemoryTrainingSets,
    Scorer,
    endpoint,
    model,
)

HOUR = 3_600_000_000
START = 490_000 * HOUR
HOURLY = Window(Cadence.HOURLY, START, START + HOUR)
DAILY = Window(Cadence.DAILY, START, START + 24 * HOUR)
NAMES = ("share", "delay")
SUBJECT = "model/late"


def vectors(seed, rows=3_000, shift=0.0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.beta(2, 5, rows), rng.normal(10 + shift, 4, rows)])


class World:
    def __init__(self, scorer=None):
        self.documents, self.exposed = MemoryDocuments(), Exposed()
        self.sets = MemoryTrainingSets(june=vectors(1, 10_000), july=vectors(2, 10_000, 4.0))
        self.baselines = Baselines(
            documents=self.documents, sets=self.sets, clock=lambda: START, scorer=scorer
        )
        self.monitor = Monitor(self.exposed, "larder_dev", self.baselines)

    def run(self, window=HOURLY, served=None):
        return self.monitor.run(served or endpoint(model(*NAMES)), window, START + 25 * HOUR)


@pytest.fixture
def world():
    return World()


def test_a_shift_is_found_by_its_features_name_and_the_rest_is_silent(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(3, shift=2.0), at=START + 5)
    found = world.run()
    assert [(each.feature, each.check, each.variant) for each in found.violations] == [
        ("delay", Check.DRIFT, "A")
    ]
    assert found.exposures == 3_000
    assert run_from(run_json(found)) == found


def test_clean_traffic_has_no_violation(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(4), at=START + 5)
    assert world.run().violations == ()


def test_one_statement_counts_all_columns_of_a_variant(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(4), at=START + 5)
    world.run()
    counted = [each for each in world.exposed.asked if "count_if" in each]
    assert len(counted) == 1


def test_only_the_windows_exposures_of_this_model_count(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(5), at=START)
    world.exposed.add(vectors(6, shift=40.0), at=START + HOUR)
    world.exposed.add(vectors(7, shift=40.0), at=START - 1)
    world.exposed.add(vectors(8, shift=40.0), at=START, artefact="older")
    found = world.run()
    assert found.violations == ()
    assert found.variants[0].statistics.rows == 3_000


def test_late_and_unordered_exposures_count_when_the_window_runs_again(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(5, 2_000), at=START + HOUR - 1)
    first = world.run()
    world.exposed.add(vectors(6, 1_000), at=START + 7)
    again, day = world.run(), world.run(DAILY)
    rows = [each.variants[0].statistics.rows for each in (first, again, day)]
    assert rows == [2_000, 3_000, 3_000]


def test_predictions_are_compared_with_what_the_model_says_of_its_training_rows():
    world = World(Scorer())
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    rows = vectors(9)
    world.exposed.add(rows, np.clip(rows[:, 0] / 2, 0, 1), at=START)
    assert world.run().violations == ()
    world.exposed.add(rows, np.clip(rows[:, 0] / 2 + 0.2, 0, 1), at=START + HOUR)
    later = Window(Cadence.HOURLY, START + HOUR, START + 2 * HOUR)
    assert "late" in {each.feature for each in world.run(later).violations}


def test_a_model_without_a_baseline_says_so(world):
    world.exposed.add(vectors(5), at=START)
    found = world.run()
    assert found.violations == ()
    assert "larder monitor baseline" in found.variants[0].note


def test_a_baseline_of_another_artefact_is_not_used(world):
    world.baselines.make(SUBJECT, model(*NAMES, sha="old"), "june")
    world.exposed.add(vectors(5), at=START)
    assert world.run().variants[0].baseline == ""


def test_the_same_training_set_gives_the_same_version_and_reads_nothing_again(world):
    first = world.baselines.make(SUBJECT, model(*NAMES), "june")
    stored = dict(world.documents)
    assert world.baselines.make(SUBJECT, model(*NAMES), "june") == first
    assert (dict(world.documents), world.sets.read) == (stored, ["june"])


def test_a_baseline_that_is_replaced_while_a_run_reads_it_does_not_change_the_run(world):
    """Between the pointer and the documents, and between statistics and constraints."""
    old = world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(5), at=START)
    before = world.run()
    read = world.documents.read

    def replaced(key):
        world.documents.read = read
        body = read(key)
        if key.endswith(("current.json", STATISTICS)):
            world.baselines.make(SUBJECT, model(*NAMES), "july")
        return body

    world.documents.read = replaced
    during = world.run()
    assert (during.variants, during.violations) == (before.variants, before.violations)
    after = world.run()
    assert after.variants[0].baseline not in ("", old.version)
    assert {each.feature for each in after.violations} == {"delay"}


def test_documents_of_every_version_stay(world):
    for name in ("june", "july"):
        version = world.baselines.make(SUBJECT, model(*NAMES), name).version
        assert world.baselines.statistics(SUBJECT, version).rows == 10_000


def _split(world, share, seed, units=50_000, window=DAILY):
    rng = np.random.default_rng(seed)
    first = int(rng.binomial(units, share))
    for name, count in (("A", first), ("B", units - first)):
        world.exposed.add(np.zeros((count, 2)), at=START, variant=name, weights='{"A":1.0,"B":1.0}')
    found = world.run(window, endpoint(model(*NAMES), model(*NAMES)))
    world.exposed.database.execute("DELETE FROM larder_dev.exposures")
    return [each for each in found.violations if each.check is Check.SPLIT]


def test_a6_a_split_of_52_to_48_at_50_000_units_is_found(world):
    [found] = _split(world, 0.52, 1)
    assert found.value < 1e-9
    assert "A" in found.description


def test_a6_an_even_split_alarms_in_no_more_than_one_of_a_hundred_seeds(world):
    assert sum(bool(_split(world, 0.5, seed, units=2_000)) for seed in range(100)) <= 1


def test_windows_are_due_after_their_end_and_made_up_for():
    now = START + 2 * HOUR + HOUR // 2
    names = [each.name for each in due(Cadence.HOURLY, now, ())]
    assert len(names) == 6
    assert names[-1] == Window(Cadence.HOURLY, START + HOUR, START + 2 * HOUR).name
    assert [each.name for each in due(Cadence.HOURLY, now, names[1:])] == names[:1]
    just = START + HOUR + 60_000_000
    assert Window(Cadence.HOURLY, START, START + HOUR).name not in {
        each.name for each in due(Cadence.HOURLY, just, ())
    }


def test_a_runs_document_has_sagemakers_violations(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.add(vectors(3, shift=2.0), at=START + 5)
    document = json.loads(run_json(world.run()))
    assert document["violations"][0]["constraint_check_type"] == "baseline_drift_check"
    assert document["variants"][0]["statistics"]["dataset"] == {"item_count": 3_000}


def test_before_the_first_exposure_there_is_no_table_and_no_failure(world):
    world.baselines.make(SUBJECT, model(*NAMES), "june")
    world.exposed.database.execute("DROP TABLE larder_dev.exposures")
    world.monitor = replace(world.monitor, is_made=lambda: False)
    found = world.run()
    assert (found.exposures, found.violations, found.variants) == (0, (), ())
