"""The metrics, against scikit-learn's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from larder.errors import ValidationError
from larder.trainings.definition import Metric
from larder.trainings.measure import measured

SHARES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 1.0])
BINARY = st.lists(st.tuples(SHARES, st.integers(0, 1)), min_size=2, max_size=30).filter(
    lambda rows: len({truth for _, truth in rows}) == 2
)


def split(rows):
    return [[score] for score, _ in rows], [float(truth) for _, truth in rows]


@given(BINARY)
def test_binary_metrics_are_those_of_scikit_learn(rows):
    scores, truths = split(rows)
    flat = np.ravel(scores)
    assert measured(Metric.AUC, scores, truths) == pytest.approx(
        metrics.roc_auc_score(truths, flat)
    )
    assert measured(Metric.ACCURACY, scores, truths) == metrics.accuracy_score(truths, flat >= 0.5)
    inner = np.clip(flat, 0.01, 0.99)
    assert measured(Metric.LOG_LOSS, [[each] for each in inner], truths) == pytest.approx(
        metrics.log_loss(truths, inner)
    )


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=30))
def test_the_absolute_error_is_that_of_scikit_learn(rows):
    scores, truths = [[a] for a, _ in rows], [b for _, b in rows]
    assert measured(Metric.MAE, scores, truths) == pytest.approx(
        metrics.mean_absolute_error(truths, np.ravel(scores))
    )


def test_several_classes():
    scores, truths = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]], [0.0, 2.0, 0.0]
    assert measured(Metric.ACCURACY, scores, truths) == pytest.approx(2 / 3)
    assert measured(Metric.LOG_LOSS, scores, truths) == pytest.approx(
        metrics.log_loss(truths, scores, labels=[0, 1, 2])
    )


def test_two_outputs_are_a_probability_of_each_class():
    scores, truths = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0.0, 1.0, 1.0]
    assert measured(Metric.AUC, scores, truths) == 1.0


@pytest.mark.parametrize(
    ("metric", "scores", "truths", "said"),
    [
        (Metric.AUC, [], [], "needs a row, and none is held out"),
        (Metric.AUC, [[0.1], [0.2]], [1.0, 1.0], "rows of both classes; of 2 rows"),
        (Metric.AUC, [[0.1], [0.2]], [1.0, 3.0], "a target of 0 and 1, and a row has 3"),
        (Metric.AUC, [[0.1, 0.2, 0.7]], [1.0], "needs models of 1 or 2 outputs, and one has 3"),
        (Metric.AUC, [[0.1], [math.nan]], [1.0, 0.0], "of 2 rows that are held out 1 have a score"),
        (Metric.ACCURACY, [[math.nan]], [0.0], "of 1 rows that are held out 1 have a score"),
        (Metric.LOG_LOSS, [[math.nan, 0.5]], [0.0], "a score or a target that is no number"),
        (Metric.MAE, [[0.1]], [math.nan], "a score or a target that is no number"),
        (Metric.MAE, [[0.1, 0.2]], [1.0], "needs models of 1 outputs, and one has 2"),
        (Metric.LOG_LOSS, [[0.1, 0.9]], [2.0], "2 is no class of a model with 2 outputs"),
        (Metric.ACCURACY, [[0.1]], [0.5], "a target of 0 and 1, and a row has 0.5"),
    ],
)
def test_what_is_not_defined_is_refused_with_its_cure(metric, scores, truths, said):
    with pytest.raises(ValidationError, match=said):
        measured(metric, scores, truths)
