"""An offline writer in a process of its own that may be killed at a given point of its work.

It writes batches of stream records, one after the other, into the cloud that the environment names.
"""

import os
from itertools import count
from uuid import uuid4

import boto3
from pyiceberg.catalog.glue import GlueCatalog

from lambdas.offline_writer.events import create_consumer
from larder.aws.dynamodb.boto import BotoDynamo
from larder.backoff import Backoff
from larder.groups.feature_group import TableFormat
from larder.offline import shared_batch
from larder.offline.adapters.by_format import TablesByFormat, open_tables
from larder.offline.adapters.dynamodb_leases import DynamoLeases
from larder.offline.adapters.dynamodb_stream import parse_change
from larder.offline.adapters.hive import commits as hive_commits
from larder.offline.adapters.hive import files as hive_files
from larder.offline.adapters.iceberg import tables as iceberg
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.staged_rows import RECORDS_FOLDER, S3StagedRows
from larder.offline.one_committer import OneCommitter
from larder.offline.write import OfflineWriter
from tests.support.logs import silent
from tests.support.offline import hive_group, offline_group, seconds

KILLED = 9
ICEBERG_KILL_POINTS = {
    "before anything is written": (iceberg, "write_rows", "before"),
    "after the data files": (iceberg, "write_rows", "after"),
    "after the manifests": (GlueCatalog, "commit_table", "before"),
    "after the metadata file": (GlueCatalog, "_update_glue_table", "before"),
    "right after the commit": (GlueCatalog, "_update_glue_table", "after"),
    "with the lease": (IcebergTables, "append", "before"),
    "before the lease is given back": (DynamoLeases, "release", "before"),
}
HIVE_KILL_POINTS = {
    "before the commit": (hive_commits.S3Slots, "replace", "before"),
    "right after the slot": (hive_commits.S3Slots, "replace", "after"),
    "before the first file": (hive_files.HiveFiles, "publish", "before"),
    "after some files": (hive_files, "put_if", "third"),
    "after the files": (hive_files.HiveFiles, "publish", "after"),
}
WAITING_KILL_POINTS = {
    "before its rows are staged": (S3StagedRows, "put", "before"),
    "after its rows are staged": (S3StagedRows, "put", "after"),
    "while it looks": (DynamoLeases, "look", "third"),
    "with the lease at last": (TablesByFormat, "append", "before"),
    "after the commit": (TablesByFormat, "append", "after"),
    "after the lease says so": (DynamoLeases, "release", "after"),
    "before its batch is removed": (S3StagedRows, "remove", "before"),
}
KILL_POINTS = {
    **ICEBERG_KILL_POINTS,
    **HIVE_KILL_POINTS,
    **WAITING_KILL_POINTS,
    "with the lease of any table": (TablesByFormat, "append", "before"),
}


class NoQuarantine:
    """Fails the test where anything is quarantined."""

    def put(self, uid, change, reason):
        raise AssertionError(reason)

    def park(self, uid, changes, reason):
        raise AssertionError(reason)


class OneGroup:
    """A registry that knows one group."""

    def __init__(self, group):
        self.group = group

    def get_by_uid(self, uid):
        return self.group if uid == self.group.uid else None


def group_of(table_format, table, bucket):
    make = hive_group if table_format == TableFormat.GLUE else offline_group
    return make(f"s3://{bucket}/offline/{table}", table=table)


def consumer(tables, group):
    # the changes of these runs have just come in, so none waits long enough to be parked
    writer = OfflineWriter(OneGroup(group), tables, NoQuarantine(), clock=lambda: 0)
    consume = create_consumer(writer, parse_change, silent())
    return lambda event: consume(event, seconds(60))


def shared_tables(bucket):
    """The tables as the deployed writer has them; the lease of one that died is short."""
    shared_batch.LEASE_SECONDS = 0.5
    registry = DynamoLeases(BotoDynamo(boto3.client("dynamodb")), f"registry-{bucket}")
    s3 = boto3.client("s3")
    staged = S3StagedRows(s3, bucket, RECORDS_FOLDER)
    pauses = Backoff(first=0.01, longest=0.1)
    return OneCommitter(open_tables(s3), registry, staged, lambda: uuid4().hex, pauses)


def kill_at(point):
    """Let the process die at that point, without a word and without cleaning up."""
    owner, name, when = KILL_POINTS[point]
    original, calls = getattr(owner, name), count(1)

    def dying(*arguments, **more):
        if when == "third" and next(calls) < 3:
            return original(*arguments, **more)
        if when == "after":
            original(*arguments, **more)
        os._exit(KILLED)

    setattr(owner, name, dying)


def main(table_format, table, bucket, point, batches):
    """Write them, and die where it comes to the point."""
    if point:
        kill_at(point)
    consume = consumer(shared_tables(bucket), group_of(table_format, table, bucket))
    for batch in batches:
        answer = consume({"Records": batch})
        assert answer == {"batchItemFailures": []}, answer
