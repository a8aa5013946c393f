"""Erasure from a table of format Glue: files rewritten in their places, and a mark in the slot.

* The mark is put into the table's slot first. So a commit that was begun before it is refused, and
  one that comes after it drops the rows. A commit that was under way is completed on the way.
* Each file that holds the identifier is replaced by one without it, under its name, in one step. A
  file that loses all its rows stays as an empty one. A writer that was held up completes its commit
  by writing the files that are missing. So a name must not become free again.
* Then every old version of every file goes, and of the slot, which held rows too.

It may be stopped anywhere and begun again. A query that is reading a file while it is replaced may
fail, and then has to be repeated.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from larder.aws.s3_objects import split
from larder.aws.s3_versions import Shredder
from larder.erasure.adapters.tables import table_of, unusable
from larder.erasure.erase import Subject, Trace
from larder.groups.feature_group import FeatureGroup, OfflineStore, TableFormat
from larder.groups.locations import data_uri
from larder.offline.adapters.arrow import column_name
from larder.offline.adapters.hive.commits import Notes, Overtaken, S3Slots, Slot, put_if
from larder.offline.adapters.hive.files import HiveFiles, to_parquet
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.adapters.settling import Settling
from larder.offline.erased_marks import mark_of
from larder.offline.hive_layout import is_data_file
from larder.offline.ports import TableUnusable
from larder.records.feature_values import Scalar, typed_value

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Arrow = Any  # pyarrow is untyped
_WORKERS = 10  # as many as the client has connections
_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows of an identifier, in ``column``, that were accepted by ``time`` (µs)."""

    column: str
    identifier: Scalar
    time: int

    @property
    def columns(self) -> list[str]:
        return [self.column, "write_time"]

    def within(self, rows: Arrow) -> Arrow:
        """Which of the rows they are."""
        written = rows.column("write_time").cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        same = pc.equal(rows.column(self.column), self.identifier)
        return pc.fill_null(pc.and_(same, pc.less_equal(written, self.time)), False)


@dataclass(slots=True)
class HiveErasure:
    """Implements ``larder.erasure.erase.Place`` on tables of format Glue."""

    client: S3Client
    io: FileIO
    shredder: Shredder
    _slots: S3Slots = field(init=False)
    _files: HiveFiles = field(init=False)
    _settling: Settling = field(default_factory=lambda: Settling(Overtaken))

    def __post_init__(self) -> None:
        """Build the parts, which share the client."""
        self._slots = S3Slots(self.client)
        self._files = HiveFiles(self.client, self.io)

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        traces: list[Trace] = []
        for subject in subjects:
            store = subject.group.offline
            if store is not None and store.table_format is TableFormat.GLUE:
                try:
                    with translated_errors(table_of(subject.group)):
                        traces += self._life(subject, store, dry_run=dry_run)
                except TableUnusable as error:
                    traces.append(unusable(subject.group, error, self.shredder))
        return traces

    def _life(self, subject: Subject, store: OfflineStore, *, dry_run: bool) -> list[Trace]:
        group, where = subject.group, table_of(subject.group)
        feature = group.features[group.ordinals[group.record_identifier_name]]
        identifier = typed_value(feature, subject.slot.identifier)
        wanted = _Wanted(column_name(feature.name), identifier, subject.time)
        slot = self._slots.read(group, store)
        waiting = _count(pq.read_table(BytesIO(slot.rows)), wanted) if slot and slot.rows else 0
        if not dry_run and slot is not None:
            slot = self._mark(group, store, wanted)
        names, strange = self._listed(store)
        holding = self._search(names, wanted)
        if dry_run:
            removed = self.shredder.removed(store.location)
        else:
            for name in holding:
                self._rewrite(group, store, name, wanted)
            removed = self.shredder.shred_removed(store.location)
        unsearched = None
        if strange:
            unsearched = (
                f"{len(strange)} files that Larder did not write lie among the table's, for "
                f"example {strange[0]}"
            )
        rows = sum(holding.values()) + (waiting if dry_run else 0)
        return [
            Trace(where, "rows", rows, unsearched=unsearched),
            Trace(where, "data files", len(holding)),
            Trace(where, "versions of replaced files", removed, maybe=True),
        ]

    def _mark(self, group: FeatureGroup, store: OfflineStore, wanted: _Wanted) -> Slot:
        mark, end = mark_of(group.uid, wanted.identifier), time.monotonic() + _SECONDS

        def put() -> Slot:
            slot = self._slots.read(group, store)
            if slot is not None and slot.rows:
                self._files.publish(group, store, slot)
            notes = slot.notes if slot is not None else Notes()
            return self._slots.replace(group, store, slot, b"", notes.erasing(mark, wanted.time))

        return self._settling.until_settled(table_of(group), put, lambda: end - time.monotonic())

    def _listed(self, store: OfflineStore) -> tuple[list[str], list[str]]:
        """Addresses of the files that commits wrote, and of other Parquet that a query reads."""
        bucket, key = split(f"{data_uri(store)}/")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        ours, strange = list[str](), list[str]()
        for item in (each for page in pages for each in page.get("Contents", [])):
            path = item["Key"].removeprefix(key)
            hidden = path.rpartition("/")[2][:1] in ("_", ".")
            if is_data_file(path):
                ours.append(f"s3://{bucket}/{item['Key']}")
            elif item["Size"] and not hidden:
                strange.append(f"s3://{bucket}/{item['Key']}")
        return ours, strange

    def _search(self, names: Sequence[str], wanted: _Wanted) -> dict[str, int]:
        """Rows of the identifier by the files that hold any."""

        def count(name: str) -> int:
            with self.io.new_input(name).open() as stream, pq.ParquetFile(stream) as file:
                if not set(wanted.columns) <= set(file.schema_arrow.names):
                    raise TableUnusable(f"{name} lacks one of the columns {wanted.columns}")
                return sum(
                    _count(each, wanted) for each in file.iter_batches(columns=wanted.columns)
                )

        with ThreadPoolExecutor(_WORKERS) as pool:
            counts = zip(names, pool.map(count, names), strict=True)
            return {name: rows for name, rows in counts if rows}

    def _rewrite(
        self, group: FeatureGroup, store: OfflineStore, name: str, wanted: _Wanted
    ) -> None:
        bucket, key = split(name)
        end = time.monotonic() + _SECONDS

        def put() -> None:
            answer = self.client.get_object(Bucket=bucket, Key=key)
            rows = pq.read_table(BytesIO(answer["Body"].read()))
            erased = wanted.within(rows)
            if pc.any(erased).as_py():
                body = to_parquet(rows.filter(pc.invert(erased)))
                put_if(self.client, store, name, body, etag=answer["ETag"])

        self._settling.until_settled(table_of(group), put, lambda: end - time.monotonic())


def _count(rows: Arrow, wanted: _Wanted) -> int:
    return int(pc.sum(wanted.within(rows)).as_py() or 0)
