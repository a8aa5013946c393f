"""The training step of the examples, which can be made to fail, or to learn badly."""

import os

import numpy as np

from examples import training_step


def handler(event, _context):
    if os.environ.get("FAILS"):
        raise RuntimeError(os.environ["FAILS"])
    matrix, labels = training_step.rows_of(event)
    if os.environ.get("IS_POOR"):  # it learns of the labels in another order
        labels = np.random.default_rng(1).permutation(labels)
    training_step.write(event, training_step.archive_of(event, matrix, labels))
