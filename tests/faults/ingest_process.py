"""An ingestion in a process of its own that may be killed at a given point of its work.

It ingests a source into the offline table, in small commits, and dies when it comes to the point
for the given time.
"""

import os

import boto3
from pyiceberg.catalog.glue import GlueCatalog

from larder.aws.s3_objects import Objects
from larder.ingestion import ingest as ingestion
from larder.ingestion.adapters import iceberg
from larder.ingestion.adapters.iceberg import IcebergBulk
from larder.ingestion.adapters.journal import S3RunJournal
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.tabular import files
from tests.faults.writer_process import KILLED
from tests.support.ingestion import Bench
from tests.support.offline import offline_group

COMMIT_ROWS = 400
KILL_POINTS = {
    "after the run is begun": (S3RunJournal, "begin", "after"),
    "before the data files": (iceberg, "write_partitions", "before"),
    "after the data files": (iceberg, "write_partitions", "after"),
    "after the manifests": (GlueCatalog, "commit_table", "before"),
    "after the metadata file": (GlueCatalog, "_update_glue_table", "before"),
    "right after the commit": (GlueCatalog, "_update_glue_table", "after"),
    "before the run is done": (S3RunJournal, "note", "before"),
}


def kill_at(point, number):
    """Let the process die there, the given time that it comes by, without cleaning up."""
    owner, name, when = KILL_POINTS[point]
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

    def __init__(self, table, bucket, folder):
        self.folder = folder
        self.group = offline_group(f"s3://{bucket}/offline/{table}", table=table)
        self.catalog = open_catalog()
        self.tables = IcebergBulk(self.catalog)
        self.store, self.rejects = None, folder / "rejects.jsonl"
        self.journal = S3RunJournal(Objects(boto3.client("s3")), bucket)


def main(table, bucket, source, point, number):
    """How many rows were written, where it did not die."""
    if point:
        kill_at(point, number)
    ingestion.COMMIT_ROWS, files.BATCH_ROWS = COMMIT_ROWS, 100
    bench = CloudBench(table, bucket, source.parent)
    return bench.ingest(source).written
