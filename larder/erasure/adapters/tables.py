"""What a report says of an offline table, whatever its format."""

from __future__ import annotations

from larder.aws.s3_versions import Shredder
from larder.erasure.erase import Trace
from larder.groups.feature_group import FeatureGroup
from larder.offline.ports import TableUnusable


def table_of(group: FeatureGroup) -> str:
    """The place of a group's history: its table, or where it has none its location."""
    store = group.offline
    if store is None:
        raise ValueError(f"feature group {group.name} has no offline store")
    if not store.table:
        return f"offline files {store.location}"
    return f"offline table {store.database}.{store.table}"


def unusable(group: FeatureGroup, error: TableUnusable, shredder: Shredder) -> Trace:
    """The trace of a table that can't be read.

    After a group was deleted its table is its owner's. Where the files were removed with it,
    nothing is left to search.
    """
    place = table_of(group)
    if group.offline is not None and not shredder.count(group.offline.location):
        return Trace(place, "rows", 0, f"no file is left below {group.offline.location}")
    return Trace(place, "rows", 0, unsearched=str(error))
