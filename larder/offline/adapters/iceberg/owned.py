"""A group's own Iceberg table, as whoever looks after it needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.adapters.iceberg.schema import check_owner
from larder.offline.ports import TableUnusable


@contextmanager
def owned_table(catalog: Catalog, group: FeatureGroup) -> Iterator[Table]:
    """The table, and failures around it in the core's words.

    Raises:
        TableUnusable: the group has no offline store, or the table is missing or another's.
    """
    if group.offline is None:
        raise TableUnusable(f"feature group {group.name} has no offline store")
    place = (group.offline.database, group.offline.table)
    with translated_errors(".".join(place)):
        table = catalog.load_table(place)
        check_owner(table, group)
        yield table
