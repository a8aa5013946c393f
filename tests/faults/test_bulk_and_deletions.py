"""What was deleted or erased while rows were on their way does not come back with them."""

import random

import pytest
from moto import mock_aws

from larder.erasure.adapters.online import OnlineErasure
from larder.ingestion import ingest
from larder.ingestion.adapters import iceberg as bulk_iceberg
from larder.records.adapters.dynamodb import DynamoRecordStore
from tests.faults.bulk_world import BulkWorld
from tests.support.seeds import seeds


@pytest.fixture(autouse=True)
def small_commits(monkeypatch):
    monkeypatch.setattr(ingest, "COMMIT_ROWS", 2)


def run(folder, seed, steps=15):
    with mock_aws():
        world = BulkWorld(folder, random.Random(seed))
        with world.open:
            for _ in range(steps):
                world.act()
                world.check()
            world.flush_all()
            world.materialize()
            world.check()


@pytest.mark.parametrize("seed", seeds(4, every_run=2))
def test_r2_deletions_among_bulk_loads(tmp_path, seed):
    run(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_deletions_among_bulk_loads_for_long(tmp_path):
    for seed in range(100, 300):
        folder = tmp_path / str(seed)
        folder.mkdir()
        run(folder, seed)


def put_instead_of_load(monkeypatch):
    monkeypatch.setattr(DynamoRecordStore, "load", DynamoRecordStore.put)


def forget_marks(monkeypatch):
    monkeypatch.setattr(bulk_iceberg, "not_erased", lambda _group, _run, rows, _marks: rows)


def no_tombstone_without_a_record(monkeypatch):
    original = OnlineErasure._delete

    def delete(erasure, subject, version):
        return None if version is None else original(erasure, subject, version)

    monkeypatch.setattr(OnlineErasure, "_delete", delete)


@pytest.mark.parametrize(
    ("plant", "first"),
    [(put_instead_of_load, 0), (forget_marks, 1), (no_tombstone_without_a_record, 6)],
)
def test_a_planted_bug_is_caught(tmp_path, monkeypatch, plant, first):
    """``first`` is the seed that found it last time: the search begins there."""
    plant(monkeypatch)
    with pytest.raises(AssertionError, match="came back"):
        for seed in range(first, first + 200):
            folder = tmp_path / str(seed)
            folder.mkdir()
            run(folder, seed)
