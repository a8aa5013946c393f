"""An Iceberg table brought back: its catalog's entry, metadata or files of a snapshot are gone.

Every commit leaves its metadata below the table's location. The catalog may have lost the table, or
the last metadata file may be gone. Then the table is registered again from the newest metadata that
can be read. Where a file of the newest snapshot is gone, the newest whole snapshot becomes the
current one. Nothing is deleted, and no file is written but the metadata of that change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pyarrow.fs import FileSelector, FileType
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError, ValidationError
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.offline.adapters.iceberg.errors import FileMissing, translated_errors
from larder.offline.adapters.iceberg.orphans import files_below
from larder.offline.adapters.iceberg.schema import UID_PROPERTY, check_owner
from larder.offline.feature_table import has_iceberg
from larder.offline.ports import TableUnusable
from larder.recovery.history import RestoredHistory

_UNREADABLE = (FileNotFoundError, ValidationError)
"""What a metadata file raises that is gone or cut off, and nothing else."""
_CURE = (
    "Bring the deleted objects back from the bucket's old versions, then run this again "
    "(docs/restore.md)"
)


@dataclass(frozen=True, slots=True)
class IcebergRestoration:
    """Restores tables. ``files`` lists and reads what lies below their locations."""

    catalog: Catalog
    files: PyArrowFileIO

    def restore(self, group: FeatureGroup) -> RestoredHistory:
        """Bring a group's table back; one that is whole stays as it is.

        Raises:
            TableUnusable: the group has no Iceberg table, the name is another table's, or too much
                of it is gone; the message says what can be done.
            ServiceUnavailable, AccessForbidden: catalog or storage did not answer, or refused.
        """
        if group.offline is None or not has_iceberg(group):
            raise TableUnusable(f"feature group {group.name} has no Iceberg table to bring back")
        name = f"{group.offline.database}.{group.offline.table}"
        with translated_errors(name):
            table, registered = self._found(name), None
            if table is None:
                table, registered = self._registered(name, group, group.offline)
            check_owner(table, group)
            whole, dropped = _newest_whole(table)
            if dropped and whole is not None:
                table.manage_snapshots().set_current_snapshot(whole.snapshot_id).commit()
        return RestoredHistory(name, registered, whole.snapshot_id if whole else None, dropped)

    def _found(self, name: str) -> Table | None:
        try:
            return self.catalog.load_table(name)
        except (NoSuchTableError, *_UNREADABLE):
            return None

    def _registered(self, name: str, group: FeatureGroup, store: OfflineStore) -> tuple[Table, str]:
        for address in self._metadata(store.location):
            try:
                metadata = FromInputFile.table_metadata(self.files.new_input(address))
            except _UNREADABLE:  # an older one may be whole
                continue
            if metadata.properties.get(UID_PROPERTY) == group.uid:
                with suppress(NoSuchTableError):
                    self.catalog.drop_table(name)  # the entry alone; no file is removed
                return self.catalog.register_table(name, address), address
        raise FileMissing(
            f"no metadata of feature group {group.name} can be read below {store.location}. {_CURE}"
        )

    def _metadata(self, location: str) -> Iterator[str]:
        """Addresses of metadata files, newest first: their names begin with a growing number."""
        scheme, _, path = location.partition("://")
        folder = FileSelector(f"{path}/metadata", allow_not_found=True)
        found = self.files.fs_by_scheme(scheme, path.partition("/")[0]).get_file_info(folder)
        names = [
            each.base_name
            for each in found
            if each.type == FileType.File and each.base_name.endswith(".metadata.json")
        ]
        numbered = [(int(each.partition("-")[0]), each) for each in names if each[:5].isdigit()]
        yield from (f"{location}/metadata/{each}" for _, each in sorted(numbered, reverse=True))


def _newest_whole(table: Table) -> tuple[Snapshot | None, tuple[int, ...]]:
    """The newest snapshot of which every file is there, and the newer ones of which not.

    Raises:
        TableUnusable: the table has snapshots, and none of them is whole.
    """
    there = {each.path for each in files_below(table)}
    dropped: list[int] = []
    snapshot = table.current_snapshot()
    while snapshot is not None:
        if _is_whole(table, snapshot, there):
            return snapshot, tuple(dropped)
        dropped.append(snapshot.snapshot_id)
        parent = snapshot.parent_snapshot_id
        snapshot = None if parent is None else table.snapshot_by_id(parent)
    if dropped:
        raise TableUnusable(
            f"files of every snapshot of {'.'.join(table.name())} are gone. {_CURE}"
        )
    return None, ()


def _is_whole(table: Table, snapshot: Snapshot, there: set[str]) -> bool:
    if snapshot.manifest_list not in there:
        return False
    manifests = snapshot.manifests(table.io)
    if any(each.manifest_path not in there for each in manifests):
        return False
    entries = (entry for each in manifests for entry in each.fetch_manifest_entry(table.io))
    return all(entry.data_file.file_path in there for entry in entries)
