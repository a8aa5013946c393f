"""Partitions of Hive tables, found in their folders' names and registered in Glue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.athena.tables.catalog import Catalog
from local.athena.tables.cloud import list_objects

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef

_BATCH = 100  # BatchCreatePartition's limit


def register_partitions(catalog: Catalog, database: str, table: str) -> list[tuple[str, ...]]:
    """Register each folder ``key=value/…`` below the table's location that is not yet; which."""
    found = catalog.table(database, table)
    location = found["StorageDescriptor"]["Location"].rstrip("/")
    keys = [key["Name"] for key in found.get("PartitionKeys", [])]
    folder = re.compile(
        re.escape(location) + "".join(rf"/{re.escape(key)}=([^/]+)" for key in keys) + "/"
    )
    known = set(registered(catalog, database, table))
    files = [file for file, _ in list_objects(catalog.s3, location)]
    places = {match.groups(): match.group() for file in files if (match := folder.match(file))}
    missing = sorted(set(places) - known)
    for start in range(0, len(missing), _BATCH):
        batch: list[PartitionInputTypeDef] = [
            {
                "Values": list(values),
                "StorageDescriptor": {
                    **found["StorageDescriptor"],
                    "Location": places[values],
                },
            }
            for values in missing[start : start + _BATCH]
        ]
        catalog.glue.batch_create_partition(
            DatabaseName=database, TableName=table, PartitionInputList=batch
        )
    return missing


def registered(catalog: Catalog, database: str, table: str) -> list[tuple[str, ...]]:
    """The values of each partition that Glue knows."""
    pages = catalog.glue.get_paginator("get_partitions").paginate(
        DatabaseName=database, TableName=table
    )
    return [tuple(part["Values"]) for page in pages for part in page["Partitions"]]
