"""Offline tables under test, each bench with a group of a table of its own."""

from uuid import uuid4

import boto3

from larder.offline.adapters.hive.tables import HiveTables
from larder.offline.adapters.iceberg.catalog import glue_client, open_catalog, open_files
from larder.offline.adapters.iceberg.tables import IcebergTables
from tests.support.offline import hive_group, hive_rows, make_lake, offline_group, rows_in, seconds


class Bench:
    """What both have: ``make_group`` says of which format."""

    make_group = staticmethod(offline_group)

    def __init__(self, root):
        self.root = root
        self.name = f"customers_{uuid4().hex[:8]}"

    def group(self, **changes):
        return self.make_group(f"{self.root}/{self.name}", table=self.name, **changes)

    def created(self, **changes):
        group = self.group(**changes)
        self.tables.create(group)
        return group

    def append(self, group, *rows, left=60):
        return self.tables.append(group, rows, remaining=seconds(left))


class IcebergBench(Bench):
    def __init__(self, catalog, root):
        super().__init__(root)
        self.catalog = catalog
        self.tables = IcebergTables(catalog, sleep=lambda _pause: None)

    def table(self, group):
        return self.catalog.load_table((group.offline.database, group.offline.table))

    def columns(self, group):
        return [(each.name, str(each.field_type)) for each in self.table(group).schema().fields]

    def rows(self, group):
        return rows_in(self.catalog, group)


class HiveBench(Bench):
    make_group = staticmethod(hive_group)

    def __init__(self, root):
        super().__init__(root)
        self.s3, self.glue = boto3.client("s3"), glue_client()
        self.tables = HiveTables(self.s3, self.glue, open_files(), sleep=lambda _pause: None)

    def table(self, group):
        store = group.offline
        return self.glue.get_table(DatabaseName=store.database, Name=store.table)["Table"]

    def columns(self, group):
        columns = self.table(group)["StorageDescriptor"]["Columns"]
        return [(each["Name"], each["Type"]) for each in columns]

    def rows(self, group):
        return hive_rows(group)


def lake():
    """The address of a new bucket's folder, in the cloud that the environment names."""
    bucket = f"lake-{uuid4().hex[:8]}"
    make_lake(bucket)
    return f"s3://{bucket}/offline"


def iceberg_on_s3():
    return IcebergBench(open_catalog(), lake())


def hive_on_s3():
    return HiveBench(lake())
