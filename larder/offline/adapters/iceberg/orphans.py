"""Which files an Iceberg table names, and the removal of those that it does not.

Files become orphans when their last snapshot expires, or when a writer died between writing them
and its commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector, FileType
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import Table

from larder.groups.locations import leads_into_a_group
from larder.offline.ports import Remaining

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OWN = re.compile(
    rf"data/(?:[^/=]+=[^/]*/)*\d+-\d+-{_UUID}\.parquet"
    rf"|metadata/(?:\d+-{_UUID}\.metadata\.json|{_UUID}-m\d+\.avro|snap-\d+-\d+-{_UUID}\.avro)"
)
"""Names that PyIceberg gives to data files, metadata, manifests and lists of manifests."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file below a table's location; ``modified`` is in seconds since the epoch."""

    path: str
    modified: float
    size: int


def files_below(table: Table) -> Iterator[FoundFile]:
    """Every file below the table's location, by the names that the table would give them.

    An earlier release let groups overlap: files in the folder of another group are left out.
    """
    io = table.io
    if not isinstance(io, PyArrowFileIO):
        raise TypeError(f"{type(io).__name__} can't list files; give the catalog Arrow's FileIO")
    location = table.location()
    parts = urlsplit(location)
    root = f"{parts.netloc}{parts.path}"
    found = io.fs_by_scheme(parts.scheme, parts.netloc).get_file_info(
        FileSelector(root, allow_not_found=True, recursive=True)
    )
    for info in found:
        below = info.path.removeprefix(root).lstrip("/")
        if info.type == FileType.File and not leads_into_a_group(below):
            yield FoundFile(f"{location}/{below}", info.mtime.timestamp(), info.size)


def named_files(table: Table) -> set[str]:
    """Every file that some snapshot of the table, or its metadata, names."""
    metadata = table.metadata
    named = {table.metadata_location, *(each.metadata_file for each in metadata.metadata_log)}
    manifests = set()
    for snapshot in table.snapshots():
        named.add(snapshot.manifest_list)
        manifests.update(snapshot.manifests(table.io))
    for manifest in manifests:
        named.add(manifest.manifest_path)
        entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        named.update(entry.data_file.file_path for entry in entries)
    for statistics in metadata.statistics:
        named.add(statistics.statistics_path)
    return named


def remove_orphans(
    table: Table, load: Callable[[], Table], not_after: float, remaining: Remaining
) -> int:
    """Remove the files that nothing names and that were written by ``not_after``; how many.

    Only files with names of this platform's making go. What others put there is theirs.

    The listing comes first and the table is read after it. So a file whose commit lands in between
    is seen as named.
    """
    location = table.location()
    old = [
        file
        for file in files_below(table)
        if file.modified <= not_after and _OWN.fullmatch(file.path.removeprefix(f"{location}/"))
    ]
    if not old:
        return 0
    fresh = load()
    named = named_files(fresh)
    removed = 0
    for file in old:
        if remaining() <= 0:
            break
        if file.path not in named:
            fresh.io.delete(file.path)
            removed += 1
    return removed
