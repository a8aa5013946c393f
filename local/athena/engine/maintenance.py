"""OPTIMIZE and VACUUM of Iceberg tables: small files become large, old snapshots' files go.

https://docs.aws.amazon.com/athena/latest/ug/optimize-statement.html and vacuum-statement.html name
the table properties that rule them; a table's own value counts, else Athena's default.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import FileScanTask, Table

from local.athena.engine.commits import committing, replace_files
from local.athena.engine.session import Answer, Session
from local.athena.errors import QueryFailed
from local.athena.language.lexer import Reader
from local.athena.language.parsing import condition
from local.athena.language.predicates import file_filter
from local.athena.tables.catalog import is_iceberg
from local.athena.tables.snapshots import expire

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULTS = {
    "write_target_data_file_size_bytes": 512 << 20,
    "optimize_rewrite_data_file_threshold": 5,
    "optimize_rewrite_delete_file_threshold": 2,
    "vacuum_max_snapshot_age_seconds": 432_000,
    "vacuum_min_snapshots_to_keep": 1,
}
_SMALL, _LARGE = 0.75, 1.8  # of the target size: files outside are rewritten


def optimize(session: Session, reader: Reader) -> Answer:
    """OPTIMIZE table REWRITE DATA USING BIN_PACK [WHERE predicate].

    Raises:
        QueryFailed: it is no Iceberg table, a condition can't choose files, or a commit conflicts.
    """
    table = _table(session, reader)
    reader.expect("rewrite", "data", "using", "bin_pack")
    chosen: BooleanExpression = AlwaysTrue()
    if reader.take("where"):
        chosen = file_filter(condition(reader.rest()), table.schema())
    reader.finish()
    tasks = list(_worth_rewriting(table, table.scan(row_filter=chosen).plan_files()))
    if tasks:
        _rewrite(table, tasks)
    scanned = sum(task.file.file_size_in_bytes for task in tasks)
    return Answer(bytes_scanned=lambda: scanned)


def vacuum(session: Session, reader: Reader) -> Answer:
    """VACUUM table: snapshots past their age expire, and what no snapshot names is deleted.

    Raises:
        QueryFailed: it is no Iceberg table, or a commit conflicts.
    """
    table = _table(session, reader)
    reader.finish()
    with committing(table):
        expire(
            table,
            session.catalog.s3,
            age=_property(table, "vacuum_max_snapshot_age_seconds"),
            least=_property(table, "vacuum_min_snapshots_to_keep"),
        )
    return Answer()


def _table(session: Session, reader: Reader) -> Table:
    database, name = session.named(reader.name())
    if not is_iceberg(session.catalog.table(database, name)):
        message = f"Table '{database}.{name}' is no Iceberg table: it has no files to maintain"
        raise QueryFailed("NOT_SUPPORTED", message)
    return session.catalog.iceberg.catalog.load_table(f"{database}.{name}")


def _property(table: Table, name: str) -> int:
    given = table.properties.get(name)
    if given is None:
        return _DEFAULTS[name]
    if not given.isdigit():
        message = f"table property {name} is {given!r}, not a whole number"
        raise QueryFailed("INVALID_TABLE_PROPERTY", message)
    return int(given)


def _worth_rewriting(table: Table, tasks: Iterable[FileScanTask]) -> Iterator[FileScanTask]:
    """Files of odd sizes that have a neighbour in their partition, and files with many deletes."""
    target = _property(table, "write_target_data_file_size_bytes")
    deletes = _property(table, "optimize_rewrite_delete_file_threshold")
    odd: dict[tuple[int, str], list[FileScanTask]] = {}
    found = []
    for task in tasks:
        if len(task.delete_files) >= deletes:
            found.append(task)
        elif not _SMALL * target <= task.file.file_size_in_bytes <= _LARGE * target:
            odd.setdefault((task.file.spec_id, str(task.file.partition)), []).append(task)
    for together in odd.values():
        if len(together) > 1 or together[0].file.file_size_in_bytes > target:
            found += together
    if len(found) >= _property(table, "optimize_rewrite_data_file_threshold"):
        yield from found


def _rewrite(table: Table, tasks: Sequence[FileScanTask]) -> None:
    # the import starts Arrow's S3 client, which reads SSL_CERT_FILE then: not before it is set
    from pyiceberg.io.pyarrow import ArrowScan  # noqa: PLC0415

    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    replace_files(table, tasks, scan.to_table(tasks))
