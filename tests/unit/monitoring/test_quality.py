"""M7: quality by labels that arrive late, against scikit-learn and by hand."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, precision_score, roc_auc_score

from larder.event_time import iso_millis
from larder.monitoring.quality import LabelHistory, quality
from larder.monitoring.window import Cadence, Window
from tests.support.monitoring import Exposed

HOUR = 3_600_000_000
START = 490_000 * HOUR
DAY = Window(Cadence.DAILY, START, START + 24 * HOUR)
GROUP = LabelHistory(
    "larder_dev", "outcomes_1", key="Inference_Id", newest="event_time", deleted="is_deleted"
)


class World:
    def __init__(self):
        self.exposed = Exposed()
        self.exposed.database.execute(
            "CREATE TABLE larder_dev.outcomes_1 (inference_id VARCHAR, label BIGINT, "
            "event_time VARCHAR, is_deleted BOOLEAN)"
        )
        self.count = 0

    def add(self, scores, variant="A"):
        self.exposed.add(np.zeros((len(scores), 1)), scores, at=START + 5, variant=variant)
        ids = [f"i{self.count + each + 1}" for each in range(len(scores))]
        self.count += len(scores)
        return ids

    def label(self, ids, labels, *, days=7.0, gone=False):
        at = iso_millis(int(START + days * 24 * HOUR))
        rows = pa.table({"id": list(ids), "label": [int(each) for each in labels]})
        self.exposed.database.register("some_labels", rows)
        self.exposed.database.execute(
            f"INSERT INTO larder_dev.outcomes_1 SELECT id, label, '{at}', {gone} FROM some_labels"
        )

    def quality(self, labels=GROUP, threshold=0.5):
        found = quality(self.exposed, "larder_dev", "scoring", DAY, labels, threshold)
        return {each.variant: each for each in found}


@pytest.fixture
def world():
    return World()


def predictions(seed, rows=2_000):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.beta(2, 3, rows), 4)
    return scores, (rng.random(rows) < scores).astype(int)


def test_metrics_are_those_of_scikit_learn(world):
    scores, labels = predictions(1)
    world.label(world.add(scores), labels)
    found = world.quality(threshold=0.4)["A"]
    assert found.auc.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)
    assert found.log_loss.value == pytest.approx(log_loss(labels, scores), abs=1e-6)
    assert found.mae.value == pytest.approx(mean_absolute_error(labels, scores), abs=1e-9)
    wanted = precision_score(labels, scores >= 0.4)
    assert found.precision.value == pytest.approx(wanted, abs=1e-9)
    assert found.calibration < 0.05


def test_m7_labels_that_come_within_seven_days_are_joined(world):
    scores, labels = predictions(2, 3_000)
    ids = world.add(scores)
    days = np.random.default_rng(3).integers(0, 8, len(ids))
    for day in range(8):
        some = np.flatnonzero(days == day)
        world.label([ids[n] for n in some], labels[some], days=day)
    found = world.quality()["A"]
    assert (found.exposures, found.joined >= 0.999) == (3_000, True)
    assert found.auc.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)


def test_what_has_no_label_yet_is_counted_and_not_guessed(world):
    scores, labels = predictions(4, 1_000)
    world.label(world.add(scores)[:600], labels[:600])
    found = world.quality()["A"]
    assert (found.exposures, found.labelled) == (1_000, 600)
    assert found.auc.value == pytest.approx(roc_auc_score(labels[:600], scores[:600]), abs=1e-9)


def test_of_two_labels_the_newest_counts_and_a_deleted_one_does_not(world):
    first, second = world.add([0.9, 0.8])
    world.label([first], [0], days=1)
    world.label([first], [1], days=2)
    world.label([second], [1], days=1)
    world.label([second], [0], days=2, gone=True)
    found = world.quality()["A"]
    assert (found.labelled, found.mae.value) == (1, pytest.approx(0.1))


def test_variants_are_apart_and_their_intervals_say_how_sure_they_are(world):
    good, labels = predictions(5)
    world.label(world.add(good, "A"), labels)
    poor, others = predictions(6)
    shuffled = np.random.default_rng(7).permutation(poor)
    world.label(world.add(shuffled, "B"), others)
    found = world.quality()
    assert found["A"].auc.low > found["B"].auc.high
    assert found["B"].auc.low < 0.5 < found["B"].auc.high


def test_intervals_cover_the_truth_in_about_95_of_100(world):
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, 300)
        scores = 1 / (1 + np.exp(-(rng.normal(size=300) + 0.7459 * labels)))
        world.label(world.add(scores, f"V{seed}"), labels)
    found = [each.auc for each in world.quality().values()]
    assert sum(each.low <= 0.7012 <= each.high for each in found) >= 51


def test_numbers_that_are_no_zero_or_one_have_an_error_and_no_curve(world):
    world.label(world.add([3.0, 5.0]), [4, 9])
    found = world.quality()["A"]
    assert found.mae.value == pytest.approx(2.5)
    assert (found.auc.value, found.log_loss.value, found.calibration) == (None, None, None)


def test_no_label_at_all_gives_no_number(world):
    world.add([0.5])
    found = world.quality()["A"]
    assert (found.labelled, found.mae.value, found.precision.value) == (0, None, None)
