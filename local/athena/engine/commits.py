"""Commits to Iceberg tables: one for each statement, as Athena makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.update.snapshot import UpdateSnapshot, _OverwriteFiles

from local.athena.errors import QueryFailed


def replace_files(table: Table, tasks: Iterable[FileScanTask], rows: pa.Table) -> None:
    """Commit rows in place of the data files of ``tasks``, as one snapshot.

    ``Table.overwrite`` makes two, the first of which has no rows. Then the parent of the newest
    snapshot isn't the table before the statement. People look there for what they deleted.

    Raises:
        QueryFailed: another commit came first.
    """
    # the import starts Arrow's S3 client, which reads SSL_CERT_FILE then: not before it is set
    from pyiceberg.io.pyarrow import _dataframe_to_data_files  # noqa: PLC0415

    with committing(table), table.transaction() as transaction:
        written = _dataframe_to_data_files(transaction.table_metadata, rows, table.io)
        with overwriting(transaction.update_snapshot()) as snapshot:
            for task in tasks:
                snapshot.delete_data_file(task.file)
            for file in written if rows.num_rows else ():
                snapshot.append_data_file(file)


@contextmanager
def overwriting(update: UpdateSnapshot) -> Iterator[_OverwriteFiles]:
    """A snapshot that takes files out, each look for them having its own evaluator.

    pyiceberg 0.12 has one for all its threads; see larder/offline/adapters/iceberg/overwriting.py,
    which this program may not import.
    """
    with update.overwrite() as commit:
        build = commit._build_manifest_evaluator

        def apart(spec_id: int) -> Callable[[ManifestFile], bool]:
            def look(manifest: ManifestFile) -> bool:
                return build(spec_id)(manifest)

            return look

        commit._build_manifest_evaluator = apart  # type: ignore[method-assign]
        yield commit


@contextmanager
def committing(table: Table) -> Iterator[None]:
    """Raise a conflict of commits as Athena's own error."""
    try:
        yield
    except (CommitFailedException, ValidationException) as error:
        message = f"Failed to commit to '{'.'.join(table.name())}': {error}"
        raise QueryFailed("ICEBERG_COMMIT_ERROR", message) from None
