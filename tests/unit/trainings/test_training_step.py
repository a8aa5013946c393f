"""The training step of the examples: what it writes is a model that the platform can prove."""

import io
import json
import tarfile

import numpy as np
import pytest

from examples.training_step import archive_of
from larder.models.parity import proven
from larder.models.served import Runtime
from larder.wiring.model_runtimes import NativeRuntimes

EVENT = {"specification": {"version": 1, "inputs": []}, "parameters": {"rounds": "5"}}


def files(count):
    """The archive's files, of rows of which some lack a value."""
    random = np.random.default_rng(3)
    matrix = random.normal(size=(count, 3)).astype("f4")
    labels = (matrix.sum(axis=1) > 0).astype("f4")
    matrix[::7, 1] = np.nan
    body = archive_of(EVENT, matrix, labels)
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}


def test_its_model_scores_where_it_serves_as_where_it_was_trained():
    found = files(400)
    assert json.loads(found["larder/features.json"]) == EVENT["specification"]
    model = NativeRuntimes()[Runtime.XGBOOST].load([found["xgboost-model"]])
    parity = proven(found["larder/parity.json"], model)
    assert (parity.rows, parity.missing) == (400, frozenset({1}))
    outputs = json.loads(found["larder/parity.json"])["outputs"]
    assert np.ptp(outputs) > 0.2, "it has learnt something"


@pytest.mark.parametrize(("count", "has_parity"), [(99, False), (100, True)])
def test_fewer_rows_than_a_proof_needs_come_without_one(count, has_parity):
    assert ("larder/parity.json" in files(count)) is has_parity
