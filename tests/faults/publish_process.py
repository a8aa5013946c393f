"""A pipeline's publisher in a process of its own that may be killed at a given point of its work."""

import os

from larder.ingestion import ingest as ingestion
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.tabular import batches
from larder.wiring.pipeline_publisher import open_publisher
from tests.faults.ingest_process import ICEBERG_KILL_POINTS, kill_at
from tests.faults.ingest_process import KILL_POINTS as ALL

KILL_POINTS = {
    **{
        point: 2 if "commit" in point or "metadata" in point else 1 for point in ICEBERG_KILL_POINTS
    },
    "before a record": 5,
    "after a record": 5,
}
"""Where it may die, and the how-manyeth time that it comes there."""
ALL["publisher"] = {
    **ICEBERG_KILL_POINTS,
    "before a record": (DynamoRecordStore, "load", "before"),
    "after a record": (DynamoRecordStore, "load", "after"),
}


def main(settings, item, point=""):
    """How many rows are published, where it did not die."""
    if point:
        kill_at("publisher", point, KILL_POINTS[point])
    ingestion.COMMIT_ROWS, batches.BATCH_ROWS = 40, 10
    os.environ.update(settings.to_env())
    return open_publisher(settings).publish(item)
