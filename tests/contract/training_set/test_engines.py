"""DuckDB in this process gives the sets that Athena gives: the same rows by the same hash."""

from dataclasses import replace

import boto3
import pyarrow as pa
import pytest

from larder import GroupFeatures, SqlLabels
from larder.errors import ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType, TableFormat
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.queries import QueryFailed, SnapshotGone
from larder.offline.rows import OfflineRow
from tests.contract.training_set.bench import asked, frame
from tests.support.as_of import START, expected, large_case, random_case, with_cuts
from tests.support.groups import FEATURES
from tests.support.offline import row


@pytest.fixture
def duckdb(bench):
    """The same bench on the other engine."""
    return replace(bench, engine="duckdb")


def labels(**columns):
    return pa.table({"asked": ["2024-01-31T12:00:00Z"], "customer_id": ["c1"], **columns})


@pytest.mark.parametrize("seed", [1, 3, 11])
def test_both_engines_give_what_the_oracle_says_and_one_hash(bench, duckdb, seed):
    case = random_case(seed)
    cut = replace(case.cuts[0], look_back=None)
    case = with_cuts(case, cut, replace(cut, look_back=3_000_000_000))
    groups = [bench.group(t.features, r) for t, r in zip(case.tables, case.rows, strict=True)]
    spec = bench.spec(
        *(asked(group, n, case.cuts[n]) for n, group in enumerate(groups)),
        known_as_of=cut.known_as_of,
        as_known_then=cut.as_known_then,
    )

    by_athena = bench.create(spec, frame(case))
    by_duckdb = duckdb.create(replace(spec, name=bench.name()), frame(case))

    assert [tuple(each.values())[3:] for each in by_duckdb.to_arrow().to_pylist()] == expected(case)
    assert by_duckdb.manifest.content_hash == by_athena.manifest.content_hash
    assert by_duckdb.to_arrow().equals(by_athena.to_arrow())
    assert (by_duckdb.manifest.engine, by_athena.manifest.engine) == ("duckdb", "athena")


@pytest.mark.parametrize(
    "labels",
    [10_000, pytest.param(100_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
)
def test_many_label_rows_come_out_as_the_oracle_says_on_both(bench, duckdb, labels):
    case = large_case(labels)
    groups = [bench.group(t.features, r) for t, r in zip(case.tables, case.rows, strict=True)]
    spec = bench.spec(*(asked(group, n, case.cuts[n]) for n, group in enumerate(groups)))

    by_athena = bench.create(spec, frame(case))
    by_duckdb = duckdb.create(replace(spec, name=bench.name()), frame(case))

    features = by_athena.to_arrow().drop_columns(["asked", "K0", "k1"]).to_pylist()
    found = expected(case)
    assert [tuple(each.values()) for each in features] == found
    assert found.count((None,) * 6) > labels // 100  # deleted, or from before any event
    assert by_duckdb.manifest.content_hash == by_athena.manifest.content_hash


def test_a_set_is_rebuilt_on_its_own_engine_although_the_table_went_on(bench, duckdb):
    group = bench.group(FEATURES, [row()])
    made = duckdb.create(bench.spec(GroupFeatures(group=group.name)), labels())
    bench.append(group, [row(write_time=9, values=("c1", "2024-01-31T12:00:00Z", 99, 1.0, "x"))])

    again = bench.client.rebuild(made.manifest.name)

    assert (again.identical, again.changes) == (True, ())
    assert made.manifest.bytes_scanned > 0


def test_results_lie_in_folders_where_asked(bench, duckdb):
    group = bench.group(FEATURES, [row()])
    spec = bench.spec(GroupFeatures(group=group.name), partition_by=("Split",))

    made = duckdb.create(spec, labels(Split=["å b"]))

    (file,) = made.manifest.files
    assert "/data/split=" in file.address
    assert made.to_arrow().to_pylist()[0] == {
        **labels(Split=["å b"]).to_pylist()[0],
        **{"clicks": 3, "score": 0.5, "city": "Oslo"},
    }


def test_columns_added_later_collections_and_empty_groups_work(bench, duckdb):
    empty = bench.group(FEATURES, [])
    features = (*FEATURES[:2], FeatureDefinition("tags", FeatureType.STRING, CollectionType.LIST))
    values = ("c1", "2024-01-31T12:00:00Z", ["a", "b"])
    tagged = bench.group(features, [OfflineRow("c1", values[1], 1, 1, False, values)])
    grown = replace(tagged, features=(*features, FeatureDefinition("Zip", FeatureType.STRING)))
    bench.tables.evolve(grown, remaining=lambda: 30.0)
    bench.append(grown, [OfflineRow("c2", values[1], 1, 1, False, ("c2", *values[1:], "0150"))])
    bench.groups.tables[tagged.name] = type(bench.groups.tables[tagged.name]).of(grown)
    spec = bench.spec(GroupFeatures(group=empty.name), GroupFeatures(group=tagged.name))
    given = pa.table({"asked": ["2024-02-01T00:00:00Z"] * 2, "customer_id": ["c1", "c2"]})

    found = duckdb.create(spec, given).to_arrow().to_pylist()

    assert [(r["clicks"], r["tags"], r["Zip"]) for r in found] == [
        (None, ["a", "b"], None),
        (None, ["a", "b"], "0150"),
    ]


def test_rows_deleted_by_pyiceberg_are_not_joined(bench, duckdb):
    group = bench.group(FEATURES, [row(), row("c2")])
    table = open_catalog().load_table(("larder_dev", group.offline.table))
    table.delete("customer_id = 'c1'")

    made = duckdb.create(bench.spec(GroupFeatures(group=group.name)), labels())

    assert made.to_arrow()["clicks"].to_pylist() == [None]


def test_what_duckdb_can_not_do_is_said_and_nothing_stays(bench, duckdb):
    group = bench.group(FEATURES, [row()])
    table = bench.groups.tables[group.name]
    bench.groups.tables[group.name] = replace(
        table, event_time=FeatureDefinition("elsewhen", FeatureType.STRING)
    )
    spec = bench.spec(GroupFeatures(group=group.name))
    with pytest.raises(QueryFailed, match='"elsewhen" not found'):
        duckdb.create(spec, labels())
    bench.groups.tables[group.name] = replace(table, table="nowhere")
    with pytest.raises(SnapshotGone, match=r"no table larder_dev\.nowhere"):
        duckdb.create(spec, labels())
    assert bench.objects(spec.name) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"PartitionKeys": [{"Name": "day", "Type": "string"}]}, "has partition keys"),
        ({"Type": "struct<a:int>"}, "column city of table .* is struct<a:int>"),
    ],
)
def test_a_hive_table_that_its_owner_made_otherwise_is_refused(bench, duckdb, change, words):
    group = bench.group(FEATURES, [row()], table_format=TableFormat.GLUE)
    glue, name = boto3.client("glue"), group.offline.table
    found = glue.get_table(DatabaseName="larder_dev", Name=name)["Table"]
    kept = {key: found[key] for key in ("Name", "StorageDescriptor", "Parameters", "TableType")}
    if "Type" in change:
        column = next(c for c in kept["StorageDescriptor"]["Columns"] if c["Name"] == "city")
        column |= change
    else:
        kept |= change
    glue.update_table(DatabaseName="larder_dev", TableInput=kept)
    with pytest.raises(ValidationError, match=f"{words}.*use the engine athena"):
        duckdb.create(bench.spec(GroupFeatures(group=group.name)), labels())


@pytest.mark.parametrize("seed", [19, 2])
def test_p3_both_engines_join_hourly_files_to_one_hash(bench, duckdb, seed):
    """Tables of format Glue, of String and of Fractional event times, one without any file.

    Athena rounds their write times to milliseconds, so versions are as far apart here.
    """
    case = random_case(seed)
    case = replace(case, rows=tuple([*map(_by_milliseconds, rows)] for rows in case.rows))
    glue = {"table_format": TableFormat.GLUE}
    tables = zip(case.tables, case.rows, strict=True)
    groups = [bench.group(table.features, rows, **glue) for table, rows in tables]
    cuts = [replace(cut, known_as_of=None, as_known_then=False) for cut in case.cuts]
    case = with_cuts(case, *cuts)
    spec = bench.spec(*(asked(group, n, cuts[n]) for n, group in enumerate(groups)))

    by_athena = bench.create(spec, frame(case))
    by_duckdb = duckdb.create(replace(spec, name=bench.name()), frame(case))

    assert [tuple(each.values())[3:] for each in by_duckdb.to_arrow().to_pylist()] == expected(case)
    assert by_duckdb.manifest.content_hash == by_athena.manifest.content_hash
    assert by_duckdb.to_arrow().equals(by_athena.to_arrow())


def _by_milliseconds(each):
    start = START * 1_000_000
    return replace(each, write_time=start + 1000 * (each.write_time - start))


def test_hourly_files_of_an_older_schema_and_lists_are_joined(bench, duckdb):
    tags = FeatureDefinition("tags", FeatureType.STRING, CollectionType.LIST)
    group = bench.group((*FEATURES, tags), [], table_format=TableFormat.GLUE)
    older = replace(group, features=FEATURES)
    later = "2024-01-31T11:30:00Z"
    bench.append(older, [row(event_time="2024-01-31T11:00:00Z")])
    spec = bench.spec(GroupFeatures(group=group.name))
    made = duckdb.create(spec, labels())
    assert made.to_arrow()["tags"].to_pylist() == [None]
    bench.append(group, [row(event_time=later, values=("c1", later, 4, 0.5, "x", ["a", "b"]))])
    made = duckdb.create(replace(spec, name=bench.name()), labels())
    assert made.to_arrow()["tags"].to_pylist() == [["a", "b"]]


def test_labels_by_sql_come_from_athena(bench, duckdb):
    group = bench.group(FEATURES, [row()])
    sql = "SELECT '2024-01-31T12:00:00Z' AS asked, 'c1' AS customer_id"

    made = duckdb.create(bench.spec(GroupFeatures(group=group.name)), SqlLabels(sql))

    assert made.to_arrow()["clicks"].to_pylist() == [3]


def test_an_unknown_engine_is_refused(bench):
    spec = bench.spec(GroupFeatures(group=bench.group(FEATURES, []).name))
    with pytest.raises(ValidationError, match="no engine 'presto': use athena or duckdb"):
        replace(bench, engine="presto").create(spec, labels())
