"""Iceberg tables by the ``metadata_location`` in their Glue table: rows, history, metadata tables.

Each statement asks Glue again, so a commit made between two statements is seen by the second.
"""

# ruff: noqa: S608 - SQL is made here; names and strings in it are quoted by ``duck``
from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable

import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import StaticTable, Table
from pyiceberg.table.inspect import InspectTable
from pyiceberg.table.snapshots import Snapshot

from local.athena.engine.duck import name, text
from local.athena.errors import QueryFailed
from local.athena.relation import AsOf, Relation
from local.athena.tables.cloud import Cloud

_MAX_CACHED = 256
_DIGITS = 6  # of a table's times: timestamp(6)
_METADATA_TABLES: dict[str, Callable[[InspectTable], pa.Table]] = {
    "snapshots": InspectTable.snapshots,
    "history": InspectTable.history,
    "files": InspectTable.files,
    "partitions": InspectTable.partitions,
    "manifests": InspectTable.manifests,
    "refs": InspectTable.refs,
}


class IcebergTables:
    """Reads and commits Iceberg tables of the Glue catalog."""

    def __init__(self, cloud: Cloud) -> None:
        self.catalog = GlueCatalog("local", client=cloud.glue(), **cloud.iceberg_properties())
        self._properties = cloud.iceberg_properties()
        self._cache: OrderedDict[str, StaticTable] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, metadata_location: str) -> StaticTable:
        """The table as that metadata file has it; such a file never changes, so it is kept."""
        with self._lock:
            if metadata_location in self._cache:
                self._cache.move_to_end(metadata_location)
                return self._cache[metadata_location]
        table = StaticTable.from_metadata(metadata_location, self._properties)
        with self._lock:
            self._cache[metadata_location] = table
            while len(self._cache) > _MAX_CACHED:
                self._cache.popitem(last=False)
        return table

    def rows(self, metadata_location: str, as_of: AsOf | None = None) -> Relation:
        """The table's rows, now or at a point of its history."""
        table = self.at(metadata_location)
        snapshot = _snapshot(table, as_of) if as_of else table.current_snapshot()
        if snapshot is None:
            return in_memory(table.schema().as_arrow().empty_table(), digits=_DIGITS)
        schema = table.schema()
        if as_of and snapshot.schema_id is not None:
            schema = table.schemas()[snapshot.schema_id]
        columns = ", ".join(f"{name(f.name)} AS {name(f.name.lower())}" for f in schema.fields)
        option = f", snapshot_from_id = {snapshot.snapshot_id}" if as_of else ""
        return Relation(
            f"SELECT {columns} FROM iceberg_scan({text(metadata_location)}{option})",
            columns=tuple(f.name.lower() for f in schema.fields),
            digits=_DIGITS,
        )

    def metadata_table(self, metadata_location: str, kind: str) -> Relation:
        """What ``"table$kind"`` shows of the table.

        Raises:
            QueryFailed: there is no such metadata table.
        """
        if kind not in _METADATA_TABLES:
            known = ", ".join(f"${kind}" for kind in _METADATA_TABLES)
            raise QueryFailed("TABLE_NOT_FOUND", f"Metadata table '${kind}' is not one of {known}")
        return in_memory(_METADATA_TABLES[kind](self.at(metadata_location).inspect), digits=3)


def in_memory(table: pa.Table, *, digits: int) -> Relation:
    """A relation of rows that are here already; ``digits`` are the fraction digits of times."""
    key = f"arrow_{uuid.uuid4().hex}"
    columns = ", ".join(f"{name(c)} AS {name(c.lower())}" for c in table.column_names)
    names = tuple(c.lower() for c in table.column_names)
    return Relation(f"SELECT {columns} FROM {key}", names, digits, {key: table})


def _snapshot(table: Table, as_of: AsOf) -> Snapshot:
    found: Snapshot | None
    if as_of.snapshot_id is not None:
        found, wanted = table.snapshot_by_id(as_of.snapshot_id), f"ID {as_of.snapshot_id}"
    elif as_of.reference is not None:
        found, wanted = table.snapshot_by_name(as_of.reference), f"name '{as_of.reference}'"
    else:
        moment = as_of.moment_ms or 0
        found, wanted = table.snapshot_as_of_timestamp(moment), f"or before {moment} ms"
    if found is None:
        raise QueryFailed("INVALID_ARGUMENTS", f"Iceberg snapshot {wanted} does not exist")
    return found
