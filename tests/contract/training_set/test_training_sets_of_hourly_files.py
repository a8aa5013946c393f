"""Training sets of groups whose table is of format Glue, which knows no snapshots."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from larder import GroupFeatures
from larder.groups.feature_group import FeatureDefinition, FeatureType, TableFormat
from larder.offline.feature_table import FeatureTable
from tests.support.groups import FEATURES
from tests.support.offline import row, seconds

LATER = "2024-01-31T13:00:00Z"


@pytest.fixture
def customers(bench):
    return bench.group(FEATURES, [row()], table_format=TableFormat.GLUE)


def made(bench, group):
    labels = pd.DataFrame({"asked": [datetime(2024, 2, 1, tzinfo=UTC)], "customer_id": ["c1"]})
    return bench.create(bench.spec(GroupFeatures(group=group.name)), labels)


def test_the_manifest_names_no_snapshot_but_the_time_up_to_which_it_read(bench, customers):
    before = time.time()
    manifest = json.loads(made(bench, customers).manifest.to_json())
    (source,) = manifest["tables"]
    until = datetime.fromisoformat(source["written_until"])
    assert (source["snapshot_id"], source["empty"]) == (None, False)
    assert before - 1 <= until.timestamp() <= time.time()
    assert "FOR VERSION AS OF" not in manifest["query"]


def test_a_rebuild_does_not_see_what_was_accepted_later(bench, customers):
    first = made(bench, customers)
    now = int(time.time() * 1_000_000) + 1_000_000
    newer = row(event_time=LATER, write_time=now, values=("c1", LATER, 99, 1.0, "x"))
    bench.append(customers, [newer])
    again = bench.client.rebuild(first.manifest.name)
    assert (again.identical, again.changes) == (True, ())


def test_a_rebuild_says_that_an_older_row_has_come_since(bench, customers):
    first = made(bench, customers)
    bench.append(customers, [row(event_time=LATER, values=("c1", LATER, 99, 1.0, "x"))])
    again = bench.client.rebuild(first.manifest.name)
    assert not again.identical
    assert again.changes[0].startswith(
        f"feature group {customers.name}: its table has no snapshots; rows accepted before 20"
    )
    assert any("column clicks" in each for each in again.changes)


def test_a_feature_is_null_before_its_column_is_there_and_in_older_rows(bench, customers):
    features = (*FEATURES, FeatureDefinition("zip", FeatureType.STRING))
    grown = replace(customers, features=features)
    bench.groups.tables[customers.name] = FeatureTable.of(grown)
    assert made(bench, customers).to_pandas()["zip"].isna().tolist() == [True]
    bench.tables.evolve(grown, remaining=seconds(30))
    assert made(bench, customers).to_pandas()["zip"].isna().tolist() == [True]
    bench.append(grown, [row(event_time=LATER, values=("c1", LATER, 5, 1.0, "x", "0150"))])
    assert made(bench, customers).to_pandas()["zip"].tolist() == ["0150"]
