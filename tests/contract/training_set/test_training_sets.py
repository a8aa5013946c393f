"""Training sets end to end: Iceberg tables and labels on S3, Athena over HTTP, results read back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from larder import GroupFeatures, SqlLabels
from larder.errors import ResourceInUse, ResourceNotFound, ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType, TableFormat
from larder.offline.queries import QueryFailed
from larder.offline.rows import OfflineRow
from tests.contract.training_set.bench import asked, frame
from tests.support.as_of import expected, random_case, with_cuts
from tests.support.groups import FEATURES
from tests.support.offline import row

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def customers(bench):
    """A group whose record c1 is known from noon on, corrected, deleted and written again."""
    return bench.group(
        FEATURES,
        [
            row(write_time=1),
            row(write_time=2, values=("c1", "2024-01-31T12:00:00Z", 4, 0.5, "Rome")),
            row(
                event_time="2024-01-31T13:00:00Z",
                is_deleted=True,
                values=("c1", "2024-01-31T13:00:00Z"),
            ),
            row(
                event_time="2024-01-31T13:00:00.5Z",
                values=("c1", "2024-01-31T13:00:00.5Z", 9, None, "Oslo"),
            ),
        ],
    )


def labels(*rows):
    """A pandas frame of (hours after noon, customer)."""
    times = [NOON + timedelta(hours=hours) for hours, _ in rows]
    return pd.DataFrame(
        {"asked": times, "customer_id": [c for _, c in rows], "late": range(len(rows))}
    )


def clicks(bench, customers, given, **changes):
    spec = bench.spec(GroupFeatures(group=customers.name, features=["clicks"]), **changes)
    return bench.create(spec, given).to_pandas()["clicks"].astype("Int64").tolist()


@pytest.mark.parametrize(
    ("seed", "table_format"),
    [(3, TableFormat.ICEBERG), (11, TableFormat.ICEBERG), (20, TableFormat.GLUE)],
)
def test_a_training_set_is_what_the_oracle_says_one_row_per_label_row(bench, seed, table_format):
    case = random_case(seed)
    cut = replace(case.cuts[0], look_back=None)  # the others hold for the whole set
    case = with_cuts(case, cut, replace(cut, look_back=3_000_000_000))
    histories = zip(case.tables, case.rows, strict=True)
    groups = [
        bench.group(table.features, rows, table_format=table_format) for table, rows in histories
    ]
    spec = bench.spec(
        *(asked(group, n, case.cuts[n]) for n, group in enumerate(groups)),
        known_as_of=cut.known_as_of,
        as_known_then=cut.as_known_then,
    )
    made = bench.create(spec, frame(case)).to_arrow()
    assert made.select(["asked", "K0", "k1"]).equals(frame(case))
    assert [tuple(each.values())[3:] for each in made.to_pylist()] == expected(case)


def test_a_deletion_hides_a_record_until_it_is_written_again_and_a_correction_wins(
    bench, customers
):
    given = labels(
        (-1, "c1"), (0, "c1"), (0.5, "c1"), (1, "c1"), (2, "c1"), (2, "nobody"), (0, "c1")
    )
    assert clicks(bench, customers, given) == [pd.NA, 4, 4, pd.NA, 9, pd.NA, 4]


def test_the_manifest_tells_what_was_read_and_what_came_out(bench, customers):
    made = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    manifest = json.loads(bench.client.get(made.manifest.name).manifest.to_json())
    table = bench.table(customers)
    (source,) = manifest["tables"]
    assert source["snapshot_id"] == table.current_snapshot().snapshot_id
    assert f"FOR VERSION AS OF {source['snapshot_id']}" in manifest["query"]
    assert [(c["name"], c["source"]) for c in manifest["columns"]] == [
        ("asked", "label"),
        ("customer_id", "label"),
        ("late", "label"),
        ("clicks", f"{customers.name}:clicks"),
        ("score", f"{customers.name}:score"),
        ("city", f"{customers.name}:city"),
    ]
    assert (manifest["rows"], len(manifest["files"]), len(manifest["content_hash"])) == (1, 1, 64)
    assert manifest["bytes_scanned"] > 0


def test_no_table_stays_and_the_sets_files_are_all_that_is_written(bench, customers):
    before = bench.tables_in_catalog()
    made = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    assert bench.tables_in_catalog() == before
    kinds = sorted(key.split("/")[-2] for key in bench.objects(made.manifest.name))
    assert kinds == ["data", "labels", made.manifest.name]


def test_a_query_that_fails_leaves_neither_table_nor_files(bench, customers):
    before = bench.tables_in_catalog()
    spec = bench.spec(GroupFeatures(group=customers.name))
    table = bench.groups.tables[customers.name]
    bench.groups.tables[customers.name] = replace(
        table, event_time=FeatureDefinition("elsewhen", FeatureType.STRING)
    )
    with pytest.raises(QueryFailed, match="COLUMN_NOT_FOUND"):
        bench.create(spec, labels((0, "c1")))
    assert (bench.tables_in_catalog(), bench.objects(spec.name)) == (before, [])


def test_a_rebuild_gives_the_same_content_although_the_tables_went_on(bench, customers):
    made = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    bench.append(
        customers, [row(write_time=3, values=("c1", "2024-01-31T12:00:00Z", 99, 1.0, "x"))]
    )
    again = bench.client.rebuild(made.manifest.name)
    assert (again.identical, again.changes) == (True, ())
    assert again.content_hash == made.manifest.content_hash
    assert not any("rebuilt" in key for key in bench.objects(made.manifest.name))
    newer = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    assert newer.manifest.content_hash != made.manifest.content_hash


def test_a_rebuild_says_which_snapshot_and_which_labels_are_gone(bench, customers):
    made = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    bench.append(customers, [row("c2")])
    table = bench.table(customers)
    table.maintenance.expire_snapshots().by_id(made.manifest.tables[0].snapshot_id).commit()
    (file,) = made.manifest.labels.files
    bench.client.stored.objects.remove(made.manifest.labels.location)
    again = bench.client.rebuild(made.manifest.name)
    assert not again.identical
    assert again.changes[0] == f"{file.address} is gone"
    assert "has expired" in again.changes[1]


def test_a_rebuild_names_the_columns_that_came_out_differently(bench, customers):
    made = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    document = json.loads(made.manifest.to_json())
    document["query"] = document["query"].replace('"clicks" AS f0', "7 AS f0")
    key = f"training-sets/{made.manifest.name}/manifest.json"
    boto3.client("s3").put_object(Bucket="lake", Key=key, Body=json.dumps(document))
    again = bench.client.rebuild(made.manifest.name)
    assert again.changes == (f"column clicks (from {customers.name}:clicks) has other values",)
    assert again.location is not None


def test_a_feature_added_after_the_last_write_is_null_until_it_is_written(bench, customers):
    grown = replace(customers, features=(*FEATURES, FeatureDefinition("Zip", FeatureType.STRING)))
    bench.tables.evolve(grown, remaining=lambda: 30.0)
    bench.groups.tables[customers.name] = type(bench.groups.tables[customers.name]).of(grown)
    spec = bench.spec(GroupFeatures(group=customers.name, features=["Zip", "clicks"]))
    found = bench.create(spec, labels((0, "c1"))).to_arrow().to_pylist()
    assert [(each["Zip"], each["clicks"]) for each in found] == [(None, 4)]


def test_a_group_that_was_never_written_gives_nulls(bench):
    group = bench.group(FEATURES, [])
    assert clicks(bench, group, labels((0, "c1"))) == [pd.NA]


def test_collections_come_as_lists(bench):
    features = (*FEATURES[:2], FeatureDefinition("tags", FeatureType.STRING, CollectionType.LIST))
    values = ("c1", "2024-01-31T12:00:00Z", ["a", "b"])
    group = bench.group(features, [OfflineRow("c1", values[1], 1, 1, False, values)])
    spec = bench.spec(GroupFeatures(group=group.name))
    assert bench.create(spec, labels((0, "c1"))).to_arrow()["tags"].to_pylist() == [["a", "b"]]


@pytest.mark.parametrize("kind", ["parquet", "csv", "s3 parquet", "s3 csv", "sql", "arrow"])
def test_labels_come_from_frames_files_and_queries(bench, customers, tmp_path, kind):
    table = pa.table(
        {"asked": ["2024-01-31T12:00:00Z", "2024-01-31T16:00:00+02:00"], "customer_id": ["c1"] * 2}
    )
    suffix = kind.split()[-1]
    path = tmp_path / f"labels.{suffix}"
    write = pyarrow.csv.write_csv if suffix == "csv" else pq.write_table
    write(table, path)
    given = str(path)
    if kind.startswith("s3"):
        key = f"given/{bench.name()}/labels.{suffix}"
        boto3.client("s3").upload_file(given, "lake", key)
        given = f"s3://lake/{key}"
    elif kind == "sql":
        given = SqlLabels(
            "SELECT * FROM (VALUES ('2024-01-31T12:00:00Z', 'c1'), "
            "('2024-01-31T16:00:00+02:00', 'c1')) AS t (asked, customer_id);"
        )
    elif kind == "arrow":
        given = table
    assert clicks(bench, customers, given) == [4, 9]


def test_label_columns_of_every_kind_come_back_as_they_were_given(bench, customers):
    given = pa.table(
        {
            "asked": pa.array([NOON, NOON], pa.timestamp("us", "Europe/Oslo")),
            "customer_id": pa.array(["c1", "c1"]).dictionary_encode(),
            "Local Time": pa.array(
                [datetime(2024, 1, 1, 2, 3, 4, 567891), None], pa.timestamp("us")
            ),
            "small": pa.array([1, None], pa.int8()),
            "real": pa.array([0.1, float("nan")], pa.float32()),
            "yes": pa.array([True, None]),
            "day": pa.array([NOON.date(), None], pa.date32()),
            "nothing": pa.nulls(2),
            "text": ["'; DROP TABLE x; --", ""],
        }
    )
    spec = bench.spec(GroupFeatures(group=customers.name, features=["clicks"]))
    made = bench.create(spec, given).to_arrow().drop_columns(["clicks"])
    plain = given.set_column(1, "customer_id", pa.array(["c1", "c1"]))
    plain = plain.set_column(7, "nothing", pa.nulls(2, pa.string()))
    assert made.schema == plain.schema
    assert repr(made.to_pylist()) == repr(plain.to_pylist())  # NaN is not equal to itself


def test_a_name_is_taken_once_and_an_unknown_one_is_said_so(bench, customers):
    spec = bench.spec(GroupFeatures(group=customers.name))
    bench.create(spec, labels((0, "c1")))
    with pytest.raises(ResourceInUse, match="sets never change: choose another name"):
        bench.create(spec, labels((0, "c1")))
    assert spec.name in [manifest.name for manifest in bench.client.list()]
    with pytest.raises(ResourceNotFound, match="there is no training set nothing; there are: "):
        bench.client.get("nothing")


def test_no_labels_at_all_are_refused_and_nothing_stays(bench, customers):
    spec = bench.spec(GroupFeatures(group=customers.name))
    with pytest.raises(ValidationError, match="there are no labels"):
        bench.create(spec, labels((0, "c1")).head(0))
    assert bench.objects(spec.name) == []


def test_progress_is_reported_by_stage(bench, customers):
    heard = []
    spec = bench.spec(GroupFeatures(group=customers.name))
    bench.create(spec, labels((0, "c1"), (1, "c1")), heard.append)
    assert list(dict.fromkeys(each.stage for each in heard)) == ["labels", "query", "check"]
    assert [each.rows for each in heard if each.stage != "query"] == [2, 2]
    assert heard[-2].state == "SUCCEEDED"


def test_features_by_group_and_labels_by_columns_need_no_other_class(bench, customers):
    made = bench.client.create(
        bench.name(),
        {"asked": ["2024-01-31T12:30:00Z"], "customer_id": ["c1"]},
        event_time="asked",
        features={customers.name: ["clicks"]},
        known_as_of="2100-01-01T00:00:00Z",
    )
    assert made.to_numpy()["clicks"].tolist() == [4]
    assert made.to_polars()["clicks"].to_list() == [4]
    everything = bench.client.create(
        bench.name(),
        made.to_arrow().select(["asked", "customer_id"]),
        event_time="asked",
        features=[customers.name],
    )
    assert set(everything.to_pandas()) == {"asked", "customer_id", "clicks", "score", "city"}
    with pytest.raises(ValidationError, match="is one text; give a list"):
        bench.client.create(bench.name(), labels((0, "c1")), event_time="asked", features="x")


def test_a_set_and_the_list_of_sets_are_shown_in_notebooks(bench, customers):
    made = bench.create(bench.spec(GroupFeatures(group=customers.name)), labels((0, "c1")))
    shown = made._repr_html_()
    assert f"Training set {made.name}" in shown
    assert f"<td>{customers.name}:clicks</td>" in shown
    assert f"<td>{made.name}</td>" in bench.client.list()._repr_html_()
