"""An offline writer in a process of its own that may be killed at a given point of its work.

``python -m tests.faults.writer_process TABLE BUCKET KILL_AT BATCH...``: writes the batches (files
of stream records) one after the other into the cloud that the environment names.
"""

import json
import os
import sys
from pathlib import Path

from pyiceberg.catalog.glue import GlueCatalog

from lambdas.offline_writer.events import create_consumer
from larder.adapters import iceberg
from larder.adapters.iceberg_catalog import open_catalog
from larder.offline_writing import OfflineWriter
from tests.offline import offline_group, seconds

KILLED = 9
KILL_POINTS = {
    "before anything is written": (iceberg, "write_rows", "before"),
    "after the data files": (iceberg, "write_rows", "after"),
    "after the manifests": (GlueCatalog, "commit_table", "before"),
    "after the metadata file": (GlueCatalog, "_update_glue_table", "before"),
    "right after the commit": (GlueCatalog, "_update_glue_table", "after"),
}


class NoQuarantine:
    """Fails the test where anything is quarantined."""

    def put(self, uid, change, reason):
        raise AssertionError(reason)


class OneGroup:
    """A registry that knows one group."""

    def __init__(self, group):
        self.group = group

    def get_by_uid(self, uid):
        return self.group if uid == self.group.uid else None


def group_of(table, bucket):
    return offline_group(f"s3://{bucket}/offline/{table}", table=table)


def consumer(tables, group, log=lambda _line: None):
    writer = OfflineWriter(OneGroup(group), tables, NoQuarantine())
    consume = create_consumer(writer, log=log)
    return lambda event: consume(event, seconds(60))


def kill_at(point):
    """Let the process die at that point, without a word and without cleaning up."""
    owner, name, when = KILL_POINTS[point]
    original = getattr(owner, name)

    def dying(*arguments, **more):
        if when == "after":
            original(*arguments, **more)
        os._exit(KILLED)

    setattr(owner, name, dying)


def main(table, bucket, point, *batches):
    if point:
        kill_at(point)
    consume = consumer(iceberg.IcebergTables(open_catalog()), group_of(table, bucket))
    for batch in batches:
        answer = consume({"Records": json.loads(Path(batch).read_text())})
        assert answer == {"batchItemFailures": []}, answer


if __name__ == "__main__":
    main(*sys.argv[1:])
