"""Offline tables under test, each bench with a group of a table of its own."""

from dataclasses import dataclass, replace
from uuid import uuid4

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.backoff import Backoff
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.hive.tables import HiveTables
from larder.offline.adapters.iceberg.catalog import glue_client, open_catalog, open_files
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.staged_rows import S3StagedRows
from larder.offline.one_committer import OneCommitter
from larder.offline.turns import Lease
from tests.support.offline import hive_group, hive_rows, make_lake, offline_group, rows_in, seconds
from tests.support.tables import create_registry_table


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


def by_one_committer(bench):
    """The bench's tables as the offline writer has them."""
    registry = f"registry-{bench.name[-8:]}"
    dynamodb = boto3.client("dynamodb")
    create_registry_table(dynamodb, registry)
    leases = DynamoLeases(BotoDynamo(dynamodb), registry)
    bucket = bench.root.split("/")[2]
    staged = S3StagedRows(boto3.client("s3"), bucket, "records")
    bench.tables = OneCommitter(bench.tables, leases, staged, new_id=lambda: uuid4().hex)
    return bench


def waiting_for_the_lease(bench):
    """The same, where another writer always has the lease when it is asked for first."""
    by_one_committer(bench)
    take, tried = bench.tables.leases.take, set()

    @dataclass(frozen=True)
    class Late:
        def take(self, uid, owner, *, seconds):
            if owner in tried:
                return take(uid, owner, seconds=seconds)
            tried.add(owner)
            return Lease("another")

        look = staticmethod(bench.tables.leases.look)
        release = staticmethod(bench.tables.leases.release)

    quick = Backoff(first=0.001, longest=0.01)
    bench.tables = replace(bench.tables, leases=Late(), backoff=quick)
    return bench
