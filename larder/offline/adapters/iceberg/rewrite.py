"""Data files of an Iceberg table replaced by others that hold the same rows, or fewer.

PyIceberg's public ``overwrite`` would do, but writes its files by way of its Rust companion. The
functions' layer does without that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.arrow import column_name
from larder.offline.adapters.iceberg.files import write_parts
from larder.offline.adapters.iceberg.overwriting import overwriting

_TRIES = 5


def partition_values(file: DataFile) -> tuple[Any, ...]:
    """The values of a file's partition, as its spec's transforms gave them."""
    return tuple(file.partition[place] for place in range(len(file.partition)))


def rows_of(table: Table, tasks: Sequence[FileScanTask]) -> pa.Table:
    """All rows of the files that are not deleted, in the columns of the table's schema."""
    everything = AlwaysTrue()
    return ArrowScan(table.metadata, table.io, table.schema(), everything).to_table(tasks)


def write_sorted(
    table: Table, group: FeatureGroup, partition: tuple[Any, ...], rows: pa.Table
) -> list[DataFile]:
    """Write one file of a partition's rows, in the table's order; no commit."""
    names = (column_name(group.record_identifier_name), column_name(group.event_time_name))
    order = [(name, "ascending") for name in (*names, "write_time")]
    return write_parts(table, [(partition, rows.sort_by(order))]) if len(rows) else []


def replace_files(
    table: Table,
    old: Sequence[DataFile],
    new: Sequence[DataFile],
    properties: dict[str, str],
) -> bool:
    """Commit ``new`` in place of ``old``; whether it was done.

    Appends that come between are kept: the commit is refused and made again upon them, as long as
    each of ``old`` is still in the table. Where one is not, or others keep committing, nothing is
    done; ``new`` is then for the removal of orphans.
    """
    wanted = {file.file_path for file in old}
    for _ in range(_TRIES):
        present = {task.file.file_path for task in table.scan().plan_files()}
        if not wanted <= present:
            return False
        try:
            with table.transaction() as change:
                update = change.update_snapshot(snapshot_properties=properties)
                with overwriting(update) as overwrite:
                    for file in old:
                        overwrite.delete_data_file(file)
                    for file in new:
                        overwrite.append_data_file(file)
        except CommitFailedException:
            table = table.refresh()
        else:
            return True
    return False
