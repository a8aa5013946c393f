"""Where an Iceberg table holds an identifier: rows of the present, of the past, stray files.

A snapshot holds it where one of its manifests names a file that does, if only as deleted: such an
entry carries the file's least and greatest identifiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import And, EqualTo, LessThanOrEqual
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile, DataFileContent, ManifestFile
from pyiceberg.table import FileScanTask, Table

from larder.offline.adapters.iceberg.orphans import files_below, named_files
from larder.offline.adapters.iceberg.schema import IDENTIFIER_BOUND
from larder.records.feature_values import Scalar


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows of an identifier, in ``column``, that were accepted by ``time`` (µs)."""

    column: str
    identifier: Scalar
    time: int

    @property
    def filter(self) -> Any:  # noqa: ANN401 - PyIceberg's constructors are hidden from mypy
        """The same for PyIceberg."""
        equal: Any = EqualTo
        at_most: Any = LessThanOrEqual
        return And(equal(self.column, self.identifier), at_most("write_time", self.time))


@dataclass(slots=True)
class Traces:
    """What was found: ``live`` files of the present state with their rows; ``files`` of any state,
    strays included; ``manifests`` that name one of those; ``snapshots`` that use such a manifest.
    """

    live: dict[str, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    manifests: set[str] = field(default_factory=set)
    snapshots: set[int] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """Rows of the present state."""
        return sum(self.live.values())


def trace(table: Table, wanted: Wanted) -> Traces:
    """Look through every snapshot that is left, and through files that none names."""
    found = Traces()
    holds: dict[str, int] = {}
    entries: dict[str, list[DataFile]] = {}
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in entries:
                entries[manifest.manifest_path] = _files_of(table, manifest)
            for file in entries[manifest.manifest_path]:
                if file.file_path not in holds:
                    holds[file.file_path] = rows_in_file(table, file, wanted)
                if holds[file.file_path]:
                    found.files.add(file.file_path)
                    found.manifests.add(manifest.manifest_path)
                    found.snapshots.add(snapshot.snapshot_id)
    found.live = {
        task.file.file_path: holds[task.file.file_path]
        for task in table.scan().plan_files()
        if holds.get(task.file.file_path)
    }
    found.files.update(_strays(table, wanted))
    return found


def rows_in_file(table: Table, file: DataFile, wanted: Wanted) -> int:
    """How many of the rows a data file holds; 0 where its bounds rule it out.

    Of a file that was removed before, while a manifest still tells of its removal, only the bounds
    are left: it counts as one row where they are the identifier.
    """
    bounds = _bounds(table, file, wanted)
    if bounds is not None and not bounds[0] <= wanted.identifier <= bounds[1]:
        return 0
    columns = table.schema().select(wanted.column, "write_time")
    scan = ArrowScan(table.metadata, table.io, columns, wanted.filter)
    try:
        return len(scan.to_table([FileScanTask(file)]))
    except FileNotFoundError:
        return int(bounds is not None and any(_is(each, wanted.identifier) for each in bounds))


def _files_of(table: Table, manifest: ManifestFile) -> list[DataFile]:
    entries = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
    files = (entry.data_file for entry in entries)
    return [file for file in files if file.content is DataFileContent.DATA]


def _bounds(table: Table, file: DataFile, wanted: Wanted) -> tuple[Any, Any] | None:
    column = table.schema().find_field(wanted.column)
    kind: Any = column.field_type  # a scalar's
    low = (file.lower_bounds or {}).get(column.field_id)
    high = (file.upper_bounds or {}).get(column.field_id)
    if low is None or high is None:
        return None
    return from_bytes(kind, low), from_bytes(kind, high)


def _is(bound: Any, identifier: Scalar) -> bool:  # noqa: ANN401 - of the column's type
    """Whether a bound, which may be cut short, tells the identifier."""
    if isinstance(identifier, str) and len(bound) >= IDENTIFIER_BOUND:
        return bool(bound[:-1] == identifier[: len(bound) - 1])  # the last letter may be raised
    return bool(bound == identifier)


def _strays(table: Table, wanted: Wanted) -> Iterable[str]:
    """Data files that no snapshot names: a writer died, or their snapshots expired.

    One that holds erased rows can't be on its way into the table: once the mark is set, a writer
    whose commit is refused writes its files again without them.
    """
    named = named_files(table)
    for file in files_below(table):
        if file.path in named or not file.path.endswith(".parquet"):
            continue
        try:
            with table.io.new_input(file.path).open() as source:
                rows = pq.read_table(source, columns=[wanted.column, "write_time"])
        except FileNotFoundError:  # maintenance has removed it since it was listed
            continue
        times = rows["write_time"].cast("int64").to_pylist()
        identifiers = rows[wanted.column].to_pylist()
        pairs = zip(identifiers, times, strict=True)
        if any(each == wanted.identifier and time <= wanted.time for each, time in pairs):
            yield file.path
