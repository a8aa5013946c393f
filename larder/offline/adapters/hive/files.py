"""Data files of a table of format Glue: a commit written by hours, and row keys read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from larder.aws.s3_objects import split
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.groups.locations import data_uri
from larder.offline.adapters.arrow import arrow_table, column_name
from larder.offline.adapters.hive.commits import Overtaken, Slot, put_if
from larder.offline.adapters.hive.schema import file_schema
from larder.offline.hive_layout import file_name, hour_folder, is_file_name
from larder.offline.rows import Key, OfflineRow
from larder.records.feature_values import Scalar

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_WORKERS = 10  # as many as the client has connections
_SKEW_SECONDS = 600
"""How much later than S3's clock a write time may be."""


@dataclass(frozen=True, slots=True)
class HiveFiles:
    """The files of tables; ``io`` reads ranges of those that are large."""

    client: S3Client
    io: FileIO

    def publish(self, group: FeatureGroup, store: OfflineStore, slot: Slot) -> int:
        """Write what of a commit's files is not there, one per hour of the event times; how many.

        A file that is there already may be another by now: one that was rewritten by an erasure.
        """
        rows = pq.read_table(BytesIO(slot.rows))
        places: dict[str, list[int]] = defaultdict(list)
        event_times: list[Scalar] = rows.column(column_name(group.event_time_name)).to_pylist()
        for place, event_time in enumerate(event_times):
            places[hour_folder(event_time)].append(place)

        def write(folder: str) -> bool:
            name = file_name(slot.commit, folder, (event_times[n] for n in places[folder]))
            part = to_parquet(rows.take(places[folder]))
            try:
                put_if(self.client, store, f"{data_uri(store)}/{folder}{name}", part, etag=None)
            except Overtaken:  # it is there already
                return False
            return True

        with ThreadPoolExecutor(_WORKERS) as pool:
            return sum(pool.map(write, places))

    def existing_keys(
        self, group: FeatureGroup, store: OfflineStore, rows: Sequence[OfflineRow]
    ) -> set[Key]:
        """Which of the rows' keys the files of their hours hold.

        No file can hold a row that was accepted after the file was written. So only files younger
        than the oldest of an hour's rows are opened.
        """
        oldest: dict[str, int] = {}
        for row in rows:
            folder = hour_folder(row.event_time)
            oldest[folder] = min(oldest.get(folder, row.write_time), row.write_time)

        def found(folder: str) -> set[Key]:
            since = oldest[folder] / 1_000_000 - _SKEW_SECONDS
            files = self._files(f"{data_uri(store)}/{folder}", since)
            return {key for file in files for key in self._keys(group, file)}

        with ThreadPoolExecutor(_WORKERS) as pool:
            every = set[Key]().union(*pool.map(found, oldest))
        return every & {row.key for row in rows}

    def _files(self, folder: str, since: float) -> Iterator[str]:
        """Files right in an hour's folder that commits wrote: what others put there is theirs."""
        bucket, prefix = split(folder)
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for item in page.get("Contents", []):
                young = item["LastModified"].timestamp() >= since
                if young and is_file_name(item["Key"].removeprefix(prefix)):
                    yield f"s3://{bucket}/{item['Key']}"

    def _keys(self, group: FeatureGroup, address: str) -> Iterator[Key]:
        names = (group.record_identifier_name, group.event_time_name)
        columns = [*map(column_name, names), "write_time"]
        with self.io.new_input(address).open() as stream, pq.ParquetFile(stream) as file:
            if not set(columns) <= set(file.schema_arrow.names):
                return  # another's file under such a name: what a commit writes has them
            for batch in file.iter_batches(columns=columns):
                cells = [batch.column(name) for name in columns]
                cells[2] = cells[2].cast(pa.timestamp("us"), safe=False).cast(pa.int64())
                yield from zip(*(each.to_pylist() for each in cells), strict=True)


def commit_of(group: FeatureGroup, rows: Sequence[OfflineRow]) -> bytes:
    """The rows, in the order given, as the slot holds them."""
    return to_parquet(arrow_table(file_schema(group), group, rows))


def to_parquet(rows: pa.Table) -> bytes:
    """A Parquet file; its timestamps are of the kind that Athena reads as UTC."""
    sink = BytesIO()
    pq.write_table(rows, sink, compression="snappy")
    return sink.getvalue()
