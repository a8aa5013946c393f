"""Newest versions as Athena unloaded them to S3, read as versions of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import pyarrow as pa

from larder.aws.s3_objects import Objects, split
from larder.bucket_folders import MATERIALIZE
from larder.event_time import EventTimeType, event_time_nanos
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.versions import VersionRows
from larder.ingestion.load import Offered, Version
from larder.materialization.adapters.memory_load import MemoryLoader
from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.records.record import RecordVersion, Slot, State
from larder.tabular.files import ParquetRows

Arrow = Any  # pyarrow is untyped


def tombstones(columns: VersionRows, rows: Arrow) -> list[Version]:
    """Rows of deletions as tombstones, whose rows are offline already.

    The row of an expiry bears its event time as its write time, and is passed over. In a table of
    format Glue, whose times are rounded, it counts as a deletion.
    """
    kind = columns.group.event_time_type
    return [
        (slot, replace(each, state=State.SOFT_DELETED, expires_at=None))
        for slot, each in columns.versions(columns.latest(rows))
        if columns.doubt or each.write_time * 1000 != _micros(each, kind)
    ]


def _micros(version: RecordVersion, kind: EventTimeType) -> int:
    """A version's event time in nanoseconds, cut to whole microseconds."""
    return event_time_nanos(version.event_key, kind) // 1000 * 1000


class KeyedBatch(list[Version]):
    """Versions, with the keyed table that holds them, row by row."""

    def __init__(self, versions: list[Version], table: Arrow) -> None:
        super().__init__(versions)
        self.table = table

    @classmethod
    def of(cls, rows: VersionRows, table: Arrow, now_nanos: int) -> KeyedBatch:
        """Those of a keyed table that have not expired."""
        found = list(rows.versions(table))
        kept = [not version.is_expired(now_nanos) for _, version in found]
        if all(kept):
            return cls(found, table)
        return cls(list(compress(found, kept)), table.filter(pa.array(kept)))


@dataclass(slots=True)
class TierLoad:
    """Hands what DynamoDB has just stored to the in-memory tier, batch by batch.

    ``hear`` is the ``projection`` of the record store that was written to: it tells the life of
    each record, and entries made of columns are of the first. Others are left to readers to fill.
    """

    loader: MemoryLoader
    _first_life: set[Slot] = field(default_factory=set)

    def hear(self, slot: Slot, version: RecordVersion) -> None:
        """A version was stored."""
        if not version.life:
            self._first_life.add(slot)

    def __call__(self, offered: Offered) -> None:
        """A batch was offered."""
        batch = offered.batch
        if isinstance(batch, KeyedBatch):
            chosen = [slot in self._first_life for slot, _ in batch]
            table = batch.table.filter(pa.array(chosen, pa.bool_()))
            self.loader.load([(table, offered.began / 1e6)])
        self._first_life.clear()


@dataclass(frozen=True, slots=True)
class S3LatestFiles:
    """Implements ``larder.materialization.materialize.LatestFiles`` in the platform's bucket."""

    objects: Objects
    bucket: str
    clock: Callable[[], int]
    batch_rows: int

    def location(self, group: FeatureGroup, name: str) -> str:
        return f"s3://{self.bucket}/{MATERIALIZE}{group.uid}/{name}/"

    def count(self, location: str) -> int:
        total = 0
        for file in self._files(location):
            with closing(file):
                total += file.file.metadata.num_rows
        return total

    def batches(self, group: FeatureGroup, location: str) -> Iterator[KeyedBatch]:
        columns = VersionRows(group, recorded=True)
        for rows in self.rows(location):
            yield KeyedBatch.of(columns, columns.latest(rows), self.clock())

    def deletions(self, group: FeatureGroup, location: str) -> Iterator[list[Version]]:
        columns = VersionRows(group, recorded=True)
        for rows in self.rows(location):
            yield tombstones(columns, rows)

    def rows(self, location: str) -> Iterator[Arrow]:
        """The rows there as batches of Arrow."""
        for file in self._files(location):
            with closing(file):
                for batch in file:
                    yield batch.rows

    def remove(self, location: str) -> None:
        self.objects.remove(location)

    def _files(self, location: str) -> Iterator[ParquetRows]:
        filesystem = bucket_files(self.bucket)
        for address, _ in self.objects.listed(location):
            yield ParquetRows.open(filesystem, "/".join(split(address)), self.batch_rows)
