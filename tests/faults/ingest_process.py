"""An ingestion in a process of its own that may be killed at a given point of its work.

It ingests a source into the offline table, in small commits, and dies when it comes to the point
for the given time.
"""

import os

import boto3
from pyiceberg.catalog.glue import GlueCatalog

from larder.aws.s3_objects import Objects
from larder.groups.feature_group import TableFormat
from larder.ingestion import ingest as ingestion
from larder.ingestion.adapters import hive, iceberg
from larder.ingestion.adapters.by_format import open_bulk_tables
from larder.ingestion.adapters.journal import S3RunJournal
from larder.offline.adapters.hive import commits as hive_commits
from larder.offline.adapters.hive import files as hive_files
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.tabular import batches
from tests.faults.writer_process import KILLED, group_of
from tests.support.ingestion import Bench
from tests.support.offline import hive_rows, rows_in

COMMIT_ROWS = 400
ICEBERG_KILL_POINTS = {
    "after the run is begun": (S3RunJournal, "begin", "after"),
    "before the data files": (iceberg, "write_partitions", "before"),
    "after the data files": (iceberg, "write_partitions", "after"),
    "after the manifests": (GlueCatalog, "commit_table", "before"),
    "after the metadata file": (GlueCatalog, "_update_glue_table", "before"),
    "right after the commit": (GlueCatalog, "_update_glue_table", "after"),
    "before the run is done": (S3RunJournal, "note", "before"),
}
HIVE_KILL_POINTS = {
    "after the run is begun": (S3RunJournal, "begin", "after"),
    "before the commit": (hive_commits.S3Slots, "replace", "before"),
    "right after the commit": (hive_commits.S3Slots, "replace", "after"),
    "before the files": (hive_files.HiveFiles, "publish", "before"),
    "after some files": (hive_files, "put_if", "before"),
    "after the files": (hive_files.HiveFiles, "publish", "after"),
    "before the run is done": (S3RunJournal, "note", "before"),
}
KILL_POINTS = {TableFormat.ICEBERG: ICEBERG_KILL_POINTS, TableFormat.GLUE: HIVE_KILL_POINTS}


def kill_at(table_format, point, number):
    """Let the process die there, the given time that it comes by, without cleaning up."""
    owner, name, when = KILL_POINTS[table_format][point]
    original, passed = getattr(owner, name), [0]

    def dying(*arguments, **more):
        passed[0] += 1
        if passed[0] < number:
            return original(*arguments, **more)
        if when == "after":
            original(*arguments, **more)
        os._exit(KILLED)

    setattr(owner, name, dying)


class CloudBench(Bench):
    """The table of a group in Glue, the journal on S3."""

    def __init__(self, table_format, table, bucket, folder):
        self.folder, self.format = folder, table_format
        self.group = self.current = group_of(table_format, table, bucket)
        self.catalog, s3 = open_catalog(), boto3.client("s3")
        self.tables = open_bulk_tables(s3)
        self.store, self.rejects = None, folder / "rejects.jsonl"
        self.journal = S3RunJournal(Objects(s3), bucket)

    def rows(self):
        """All rows of the table."""
        hive = self.format is TableFormat.GLUE
        return hive_rows(self.group) if hive else rows_in(self.catalog, self.group)


def main(table_format, table, bucket, source, point, number):
    """How many rows were written, where it did not die."""
    if point:
        kill_at(table_format, point, number)
    ingestion.COMMIT_ROWS, batches.BATCH_ROWS, hive.MOST_HOURS = COMMIT_ROWS, 100, 5
    bench = CloudBench(table_format, table, bucket, source.parent)
    return bench.ingest(source).written
