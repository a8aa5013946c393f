"""The predictions' own machine: pins, shards, the gate, kills and redrives, over real scoring."""

import hashlib
import random
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from larder.models.served import FeatureSpec, Missing
from larder.pipelines.checks.expectation import Expectation, Kind
from larder.pipelines.durations import DAY, MINUTE
from larder.pipelines.runs.items import LEASE, State
from larder.predictions.definition import Score
from larder.predictions.work import SCORING_LEASE
from tests.support import boosters
from tests.support.prediction_runs import OURS, START, World, customers, inputs
from tests.support.states import ExecutionFailed

MATRIX = ("income", "loans", "age")
AT = "2026-01-01T00:05Z"
INSTANT = START + 5 * MINUTE


def world(folder, count=40, prediction=OURS, **changes):
    found = World(folder, prediction)
    found.write(customers(count))
    found.register(**changes)
    return found


def said(rows, seed=7):
    """What the library says of records, by identifier."""
    matrix = [[np.nan if row[name] is None else row[name] for name in MATRIX] for row in rows]
    scores = boosters.predict(boosters.booster("binary:logistic", seed=seed), matrix)
    return {row["customer_id"]: score for row, score in zip(rows, scores, strict=True)}


def online(found):
    return {key: row["probability"] for key, row in found.online.items()}


def bytes_below(found, folder):
    """The digest of each file below a folder of the bucket, by its name there."""
    root = found.objects.path(f"s3://lake/{folder}")
    return {
        str(each.relative_to(root)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in sorted(root.rglob("*.parquet"))
    }


def test_all_current_records_are_scored_as_the_library_scores_them(tmp_path):
    found = world(tmp_path, 40)
    done = found.run(as_of=AT)
    assert (done["state"], done["rows"], done["failed_shards"]) == ("published", 40, [])
    assert online(found) == said(list(customers(40)))
    (row,) = {(row["event_time"].timestamp(), row["model_version"]) for row in found.history}
    assert row == (INSTANT / 1e6, "credit/1")


def test_records_are_those_of_the_instant(tmp_path):
    """A later version, a deleted record, and an expired one are not scored as current."""
    found = World(tmp_path)
    rows = list(customers(4))
    later = {**rows[0], "event_time": "2026-01-01T00:06:00Z", "income": 99.0}
    gone = {**rows[1], "event_time": "2025-12-31T01:00:00Z", "is_deleted": True}
    found.write([*rows, later, gone])
    found.register()
    assert found.run(as_of=AT)["rows"] == 3
    assert online(found) == said([rows[0], rows[2], rows[3]])


def test_the_schedule_and_a_person_give_the_same_bytes_of_one_snapshot(tmp_path):
    """Row B1: one machine, one minute, one snapshot."""
    by_schedule, by_hand = world(tmp_path / "a"), world(tmp_path / "b")
    by_schedule.now = by_hand.now = INSTANT + 30_000_000
    assert by_schedule.run()["rows"] == 40
    by_hand.now += DAY
    assert by_hand.run(as_of=AT)["rows"] == 40
    found = bytes_below(by_schedule, "predictions/credit/model=credit")
    assert len(found) == 4
    assert found == bytes_below(by_hand, "predictions/credit/model=credit")


def test_a_run_again_of_the_pinned_snapshot_has_the_same_bytes(tmp_path):
    """Row B2: newer rows and a newer version change nothing of it."""
    found = world(tmp_path)
    found.run(as_of=AT)
    before = bytes_below(found, "predictions/credit")
    found.write(customers(50, salt=3), keep=True)
    found.register(2, seed=8)
    found.scored.clear()
    assert found.run(as_of=AT, again=True)["rows"] == 40
    assert len(found.scored) == 4
    assert bytes_below(found, "predictions/credit") == before
    assert found.run(as_of="2026-01-01T00:06Z")["rows"] == 50
    assert {row["model_version"] for row in found.online.values()} == {"credit/2"}


@pytest.mark.parametrize("tolerated", [1, 2])
def test_poison_shards_are_tolerated_up_to_a_share_and_named(tmp_path, tolerated):
    """Row B3: 3 of 200 shards at 1 % fail the run; at 2 % it succeeds and lists the three."""
    found = world(tmp_path, 400, replace(OURS, shard_rows=2, tolerated=tolerated))
    found.poison = {3, 77, 199}
    if tolerated == 1:
        with pytest.raises(ExecutionFailed, match="3 of 200 shards failed") as failure:
            found.run(as_of=AT)
        assert failure.value.args[0] == "GateClosed"
        assert found.history == []
    else:
        done = found.run(as_of=AT)
        assert done["failed_shards"] == [3, 77, 199]
        assert done["rows"] == len(found.online) < 400
    found.poison, count = set(), len(found.scored)
    again = {"redrive": True} if tolerated == 1 else {"as_of": AT, "again": True}
    assert found.run(**again)["rows"] == 400
    wanted = [3, 77, 199] if tolerated == 1 else list(range(200))
    assert sorted(found.scored[count:]) == wanted
    assert online(found) == said(list(customers(400)))


def test_columns_of_the_parts_say_what_they_were_made_of(tmp_path):
    """Row B4."""
    found = world(tmp_path)
    found.run(as_of=AT)
    folder = "s3://lake/predictions/credit/model=credit/version=1/as_of=20260101T0005/"
    row = found.parts(folder)[0]
    assert list(row) == [
        "customer_id",
        "event_time",
        "probability",
        "model_version",
        "feature_snapshot",
        "specification_hash",
    ]
    assert (row["feature_snapshot"], row["specification_hash"]) == (101, "5bec")
    with duckdb.connect() as database:
        read = f"read_parquet('{tmp_path}/lake/predictions/credit/model=*/*/*/*.parquet')"
        kinds = database.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
    assert {name: kind for name, kind, *_ in kinds} == {
        "customer_id": "VARCHAR",
        "event_time": "TIMESTAMP WITH TIME ZONE",
        "probability": "DOUBLE",
        "model_version": "VARCHAR",
        "feature_snapshot": "BIGINT",
        "specification_hash": "VARCHAR",
        "as_of": "VARCHAR",
        "model": "VARCHAR",
        "version": "BIGINT",
    }


def test_an_older_run_after_a_newer_one_loses(tmp_path):
    """Row B6."""
    found = world(tmp_path)
    found.run(as_of="2026-01-01T00:08Z")
    newer = online(found)
    found.write(customers(40, salt=5), keep=False)
    found.register(2, seed=8)
    assert found.run(as_of=AT)["rows"] == 40
    assert online(found) == newer
    position = found.runs.ledger.position("credit")
    assert position.published_until == START + 8 * MINUTE


def test_a_record_without_what_the_model_needs_is_counted_and_closes_the_gate(tmp_path):
    spec = FeatureSpec(inputs=inputs(Missing.FAIL), sha256="fa11")
    found = world(tmp_path, 33, spec=spec)
    with pytest.raises(ExecutionFailed, match="3 of 33 records"):
        found.run(as_of=AT)
    found.prediction = replace(OURS, refused=10)
    assert found.run(redrive=True)["rows"] == 30
    assert set(online(found)) == {f"c{number:06}" for number in range(33) if number % 11}


@pytest.mark.parametrize(
    ("expected", "cause"),
    [
        (Expectation(kind=Kind.ROWS_MIN, bound=41), "rows min: 40, expected at least 41"),
        (Expectation(kind=Kind.MAX, bound=0.1, feature="probability"), "probability max"),
    ],
)
def test_scores_that_are_not_as_expected_are_not_published(tmp_path, expected, cause):
    found = world(tmp_path, prediction=replace(OURS, expect=(expected,)))
    with pytest.raises(ExecutionFailed, match=cause):
        found.run(as_of=AT)
    assert (found.history, found.online) == ([], {})
    (item,) = found.runs.ledger.intervals("credit", 1, 0)
    assert item.state is State.BLOCKED
    assert cause in item.cause
    found.prediction = OURS
    count = len(found.scored)
    assert found.run(redrive=True)["rows"] == 40
    assert len(found.scored) == count, "what was scored is not scored again"


def test_scores_that_drift_from_the_last_published_run_are_not_published(tmp_path):
    found = world(tmp_path, 300, replace(OURS, drift=0.2, shard_rows=100))
    assert found.run(as_of=AT)["rows"] == 300
    assert found.run(as_of="2026-01-01T00:06Z")["rows"] == 300
    found.write([{**row, "income": row["income"] + 5} for row in customers(300)])
    with pytest.raises(ExecutionFailed, match="probability drift"):
        found.run(as_of="2026-01-01T00:07Z")


def test_a_score_that_the_last_published_run_had_not_has_nothing_to_drift_from(tmp_path):
    found = world(tmp_path, prediction=replace(OURS, drift=0.2))
    assert found.run(as_of=AT)["rows"] == 40
    found.prediction = replace(found.prediction, scores=(Score("default_within_a_year"),))
    assert found.run(as_of="2026-01-01T00:06Z")["rows"] == 40


def test_a_run_that_is_published_or_held_is_left_alone(tmp_path):
    found = world(tmp_path)
    found.run(as_of=AT)
    assert found.run(as_of=AT) == {"state": "nothing to do"}
    found.runs.ledger.pause("credit", True)
    assert found.run() == {"state": "nothing to do"}
    assert found.run(as_of="2026-01-01T00:06Z")["rows"] == 40


def test_how_old_scores_are_is_told_of_the_newest_published_run(tmp_path):
    """Row B7: the clock alone makes them older; a failed run makes nothing fresher."""
    found = world(tmp_path, prediction=replace(OURS, freshness=DAY))
    assert dict(found.work.ages())["credit"] == found.now
    found.run(as_of=AT)
    assert dict(found.work.ages()) == {"credit": found.now - INSTANT}
    found.now += 3 * DAY
    found.prediction = replace(
        found.prediction, expect=(Expectation(kind=Kind.ROWS_MIN, bound=99),)
    )
    with pytest.raises(ExecutionFailed):
        found.run()
    assert dict(found.work.ages()) == {"credit": found.now - INSTANT}


def killed_and_redriven(folder, shards, rows, kills, seed):
    """A run over ``shards``, killed at random points, and redriven until it is done."""
    chances = random.Random(seed)
    found = world(folder, rows, replace(OURS, shard_rows=-(-rows // shards)))
    assert found.run(as_of="2026-01-01T00:01Z")["rows"] == rows
    older = online(found)
    found.write(customers(rows, salt=11))
    newer = said(list(customers(rows, salt=11)))
    found.reader = lambda: readable(found, older, newer, chances)
    steps = 2 * (shards + 10) + rows
    for _ in range(kills):
        found.chances, found.kill_at = 0, chances.randint(1, steps)
        if found.run(as_of=AT) is not None:
            return found, newer
        found.now += max(LEASE, SCORING_LEASE) + 1
    found.kill_at = None
    found.run(as_of=AT)
    return found, newer


def readable(found, older, newer, chances):
    """One reader's look: a record is whole, of the one run or of the other."""
    key = f"c{chances.randrange(len(older)):06}"
    row = found.online[key]
    of_run = older if row["event_time"].timestamp() == START / 1e6 + 60 else newer
    assert row["probability"] == of_run[key], key


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_and_redriven_each_record_is_published_once(tmp_path, seed):
    """Reliability row 17: no mixture of runs, and the count is exact."""
    found, newer = killed_and_redriven(tmp_path, shards=40, rows=200, kills=20, seed=seed)
    assert online(found) == newer
    of_run = [row for row in found.history if row["event_time"].timestamp() == INSTANT / 1e6]
    assert len(of_run) == len({row["customer_id"] for row in of_run}) == 200


@pytest.mark.soak
def test_a_million_records_in_two_hundred_shards_are_published_once(tmp_path):
    """Reliability row 17 at its full size."""
    rows = 1_000_000
    found, newer = killed_and_redriven(tmp_path, shards=200, rows=rows, kills=20, seed=17)
    assert online(found) == newer
    of_run = [row for row in found.history if row["event_time"].timestamp() == INSTANT / 1e6]
    assert len(of_run) == len({row["customer_id"] for row in of_run}) == rows
