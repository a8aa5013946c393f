"""Iceberg snapshots expired, and the files deleted that nothing names any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from local.athena.tables.cloud import all_objects, delete_objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def expire(table: Table, s3: S3Client, *, age: int, least: int) -> None:
    """Expire snapshots older than ``age`` seconds, but for the ``least`` newest and named ones.

    Files that only expired snapshots name are deleted; so are files of the table's folders that no
    snapshot names, once they are that old: younger ones may belong to a commit on its way.
    """
    before = datetime.now(UTC) - timedelta(seconds=age)
    newest = sorted(table.snapshots(), key=lambda each: each.timestamp_ms, reverse=True)
    named = {reference.snapshot_id for reference in table.refs().values()}
    old = [
        each
        for each in newest[least:]
        if each.timestamp_ms < before.timestamp() * 1000 and each.snapshot_id not in named
    ]
    dropped = _files(table, old)
    if old:
        ids = [each.snapshot_id for each in old]
        table.maintenance.expire_snapshots().by_ids(ids).commit()
        table.refresh()
    kept = _files(table, table.snapshots()) | _metadata_files(table)
    orphans = {at for at, changed in all_objects(s3, table.location()) if changed < before}
    delete_objects(s3, sorted((dropped | orphans) - kept))


def _files(table: Table, snapshots: Iterable[Snapshot]) -> set[str]:
    """All that snapshots name: manifest lists, manifests, data and delete files."""
    found = set()
    for snapshot in snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found |= {entry.data_file.file_path for entry in entries}
    return found


def _metadata_files(table: Table) -> set[str]:
    logged = {entry.metadata_file for entry in table.metadata.metadata_log}
    statistics = {each.statistics_path for each in table.metadata.statistics}
    return logged | statistics | {table.metadata_location}
