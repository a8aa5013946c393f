"""An Iceberg table brought back on a local catalog, as docs/restore.md has it, and written on."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyiceberg.io.pyarrow import PyArrowFileIO

from larder.groups.feature_group import TableFormat
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.ports import TableUnusable
from larder.recovery.adapters.iceberg_table import IcebergRestoration
from tests.support.offline import offline_group, row, rows_in, seconds, sql_catalog


class Bench:
    """A table of three commits, of one row each."""

    def __init__(self, catalog, folder):
        self.catalog, self.folder = catalog, Path(folder) / "table"
        self.group = offline_group(f"file://{self.folder}")
        self.name = (self.group.offline.database, self.group.offline.table)
        self.tables = IcebergTables(catalog)
        self.tables.create(self.group)
        self.snapshots = [self.append(name).snapshot_id for name in "abc"]
        self.restoration = IcebergRestoration(catalog, PyArrowFileIO())

    def append(self, name):
        return self.tables.append(self.group, [row(name)], remaining=seconds(30))

    def identifiers(self):
        return [each["customer_id"] for each in rows_in(self.catalog, self.group)]

    def table(self):
        return self.catalog.load_table(self.name)

    def lose(self, address):
        Path(address.removeprefix("file://")).unlink()

    def works_on(self, *missing):
        """Rows that were lost are written again, once, and new ones as well."""
        for name in [*"abc", "d"]:
            assert self.append(name).rows == (1 if name in {*missing, "d"} else 0)
        assert self.identifiers() == [*"abcd"]


@pytest.fixture
def bench(tmp_path):
    with sql_catalog(tmp_path) as catalog:
        yield Bench(catalog, tmp_path)


def test_a_table_that_is_whole_stays_as_it_is(bench):
    before = bench.table().metadata_location
    done = bench.restoration.restore(bench.group)
    assert (done.registered, done.snapshot, done.dropped) == (None, bench.snapshots[-1], ())
    assert bench.table().metadata_location == before
    bench.works_on()


def test_a_table_that_the_catalog_lost_is_registered_with_all_of_its_snapshots(bench):
    newest = bench.table().metadata_location
    bench.catalog.drop_table(bench.name)
    done = bench.restoration.restore(bench.group)
    assert (done.registered, done.dropped) == (newest, ())
    assert [each.snapshot_id for each in bench.table().snapshots()] == bench.snapshots
    assert bench.identifiers() == ["a", "b", "c"]
    bench.works_on()


def test_where_the_newest_metadata_are_gone_the_ones_before_are_registered(bench):
    bench.lose(bench.table().metadata_location)
    done = bench.restoration.restore(bench.group)
    assert (done.snapshot, done.dropped) == (bench.snapshots[-2], ())
    assert bench.identifiers() == ["a", "b"]
    bench.works_on("c")


def test_metadata_that_are_cut_off_are_passed_over(bench):
    newest = Path(bench.table().metadata_location.removeprefix("file://"))
    newest.write_bytes(newest.read_bytes()[:100])
    bench.catalog.drop_table(bench.name)
    assert bench.restoration.restore(bench.group).snapshot == bench.snapshots[-2]
    bench.works_on("c")


def test_a_snapshot_whose_files_are_gone_gives_way_to_the_newest_whole_one(bench):
    table = bench.table()
    for kind in ("list of manifests", "manifest", "data file"):
        snapshot = table.current_snapshot()
        manifest = snapshot.manifests(table.io)[0]
        lost = {
            "list of manifests": snapshot.manifest_list,
            "manifest": manifest.manifest_path,
            "data file": manifest.fetch_manifest_entry(table.io)[0].data_file.file_path,
        }[kind]
        path = Path(lost.removeprefix("file://"))
        kept = path.read_bytes()
        bench.lose(lost)
        done = bench.restoration.restore(bench.group)
        assert done.dropped == (snapshot.snapshot_id,), kind
        assert done.snapshot == bench.table().current_snapshot().snapshot_id != snapshot.snapshot_id
        path.write_bytes(kept)
        again = bench.append("c")
        assert again.rows == 1 and bench.identifiers() == ["a", "b", "c"], kind
        table = bench.table()
    bench.works_on()


def test_what_is_lost_for_good_is_told_with_the_cure(bench):
    for each in (bench.folder / "metadata").glob("snap-*.avro"):
        each.unlink()
    with pytest.raises(TableUnusable, match=r"every snapshot .* old versions"):
        bench.restoration.restore(bench.group)
    for each in (bench.folder / "metadata").glob("*.json"):
        each.unlink()
    with pytest.raises(TableUnusable, match=r"no metadata .* old versions"):
        bench.restoration.restore(bench.group)


def test_a_table_of_another_life_is_not_taken_for_the_groups(bench):
    other = offline_group(f"file://{bench.folder}", uid="another")
    with pytest.raises(TableUnusable, match="not that of feature group"):
        bench.restoration.restore(other)
    bench.catalog.drop_table(bench.name)
    with pytest.raises(TableUnusable, match="no metadata of feature group"):
        bench.restoration.restore(other)
    assert not bench.catalog.table_exists(bench.name)


def test_a_table_that_was_never_written_is_whole(tmp_path):
    with sql_catalog(tmp_path) as catalog:
        group = offline_group(f"file://{tmp_path}/table")
        IcebergTables(catalog).create(group)
        catalog.drop_table((group.offline.database, group.offline.table))
        done = IcebergRestoration(catalog, PyArrowFileIO()).restore(group)
        assert (done.snapshot, done.dropped) == (None, ()) and done.registered
        assert rows_in(catalog, group) == []


def test_a_group_without_an_iceberg_table_has_none_to_bring_back(bench):
    glue = replace(bench.group.offline, table_format=TableFormat.GLUE)
    for offline in (None, glue):
        with pytest.raises(TableUnusable, match="no Iceberg table"):
            bench.restoration.restore(replace(bench.group, offline=offline))
