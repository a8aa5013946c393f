"""Erasure from an Iceberg table: rows, snapshots, files, and the mark that keeps them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from larder.aws.s3_versions import Shredder
from larder.erasure.adapters.iceberg_traces import Traces, Wanted, rows_in_file, trace
from larder.erasure.adapters.tables import table_of, unusable
from larder.erasure.erase import Subject, Trace
from larder.errors import ServiceUnavailable
from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.arrow import column_name
from larder.offline.adapters.iceberg.catalog import owned_table
from larder.offline.adapters.iceberg.overwriting import overwriting
from larder.offline.adapters.iceberg.rewrite import partition_values, rows_of, write_sorted
from larder.offline.adapters.iceberg.schema import ERASED_PROPERTY
from larder.offline.erased_marks import Marks, mark_of
from larder.offline.feature_table import has_iceberg
from larder.offline.ports import TableUnusable
from larder.records.feature_values import typed_value

_TRIES = 20


@dataclass(frozen=True, slots=True)
class IcebergErasure:
    """Implements ``larder.erasure.erase.Place``; it may be stopped anywhere and begun again.

    ``by`` is the feature that is compared with the identifier: by default the group's own.
    """

    catalog: Catalog
    shredder: Shredder
    by: str = ""

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        traces: list[Trace] = []
        for subject in subjects:
            if has_iceberg(subject.group):
                try:
                    traces += self._life(subject, dry_run=dry_run)
                except TableUnusable as error:
                    traces.append(unusable(subject.group, error, self.shredder))
        return traces

    def _life(self, subject: Subject, *, dry_run: bool) -> list[Trace]:
        group = subject.group
        feature = group.features[group.ordinals[self.by or group.record_identifier_name]]
        identifier = typed_value(feature, subject.slot.identifier)
        wanted = Wanted(column_name(feature.name), identifier, subject.time)
        with owned_table(self.catalog, group) as table:
            found = trace(table, wanted)
            if dry_run:
                removed = self.shredder.removed(table.location())
            else:
                self._erase(table, group, wanted, found)
                removed = self.shredder.shred_removed(table.location())
        where = table_of(group)
        return [
            Trace(where, "rows", found.rows),
            Trace(where, "data files", len(found.files)),
            Trace(where, "snapshots", len(found.snapshots)),
            Trace(where, "versions of removed files", removed, maybe=True),
        ]

    def _erase(self, table: Table, group: FeatureGroup, wanted: Wanted, found: Traces) -> None:
        table = _commit(table, group, wanted)
        if found.snapshots:
            _drop_deleted_entries(table)
        table = self.catalog.load_table(table.name())
        left = trace(table, wanted)
        _expire(table, left.snapshots)
        self.shredder.shred(found.files | left.files | found.manifests | left.manifests)


def _commit(table: Table, group: FeatureGroup, wanted: Wanted) -> Table:
    """Take the rows out and set the mark, in one commit.

    A snapshot is made even where there is nothing to take out: it refuses the commit of a writer
    that looked for marks before. Properties alone would not, for Iceberg compares snapshots.
    """
    mark = mark_of(group.uid, wanted.identifier)
    for _ in range(_TRIES):
        marks = Marks.parse(table.properties.get(ERASED_PROPERTY)).adding(mark, wanted.time)
        holding = [
            task
            for task in table.scan(row_filter=wanted.filter).plan_files()
            if rows_in_file(table, task.file, wanted)
        ]
        new = [file for task in holding for file in _without(table, group, task, wanted)]
        try:
            with table.transaction() as change:
                change.set_properties({ERASED_PROPERTY: str(marks)})
                update = change.update_snapshot()
                with overwriting(update) if holding else update.fast_append() as commit:
                    for task in holding:
                        commit.delete_data_file(task.file)
                    for file in new:
                        commit.append_data_file(file)
        except CommitFailedException:
            table = table.refresh()
        else:
            return table
    raise _busy(table)


def _without(
    table: Table, group: FeatureGroup, task: FileScanTask, wanted: Wanted
) -> list[DataFile]:
    rows = rows_of(table, [task])
    erased = pc.and_(
        pc.equal(rows[wanted.column], wanted.identifier),
        pc.less_equal(rows["write_time"].cast("int64"), wanted.time),
    )
    kept = rows.filter(pc.invert(pc.fill_null(erased, False)))
    return write_sorted(table, group, partition_values(task.file), kept)


def _drop_deleted_entries(table: Table) -> None:
    """Make a snapshot without the manifest that names the files which the last one took out."""
    for _ in range(_TRIES):
        try:
            with table.transaction() as change, change.update_snapshot().fast_append():
                pass
        except CommitFailedException:
            table = table.refresh()
        else:
            return
    raise _busy(table)


def _expire(table: Table, snapshots: set[int]) -> None:
    for _ in range(_TRIES):
        there = {each.snapshot_id for each in table.snapshots()}
        try:
            if snapshots & there:
                table.maintenance.expire_snapshots().by_ids(sorted(snapshots & there)).commit()
        except CommitFailedException:
            table = table.refresh()
        else:
            return
    raise _busy(table)


def _busy(table: Table) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"others keep committing to {'.'.join(table.name())}; erase again, what is done is done"
    )
