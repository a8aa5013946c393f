"""Rows in bulk into Iceberg tables, each row of a run exactly once.

The table keeps a property per unfinished run: the mark, up to which row the run is there. A commit
writes rows and moves the mark together, and is refused where another took its place meanwhile; then
the mark is read again, so two processes of one run can't write the same rows. Unlike an entry in a
snapshot's summary, the mark outlives the expiry of snapshots. That of a completed run says so and
stays for a week: another process of the run may be on its way still. Rows of an identifier that was
erased since the run began are dropped. The marks in the metadata under the commit say which.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from larder.formats import Format
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.partitions import write_partitions
from larder.ingestion.adapters.rows import ROW
from larder.ingestion.adapters.run_rows import not_erased, table_rows
from larder.ingestion.ports import Run
from larder.offline.adapters.iceberg.schema import ERASED_PROPERTY, complete
from larder.offline.adapters.settling import Settling
from larder.offline.erased_marks import Marks

Arrow = Any  # pyarrow is untyped
_FORMAT = Format("iceberg-run-mark")
_SECONDS = 300.0
_PREFIX, _DONE = "larder.ingest.", "done "
_KEEP_SECONDS = 7 * 86_400


@dataclass(slots=True)
class IcebergBulk:
    """Implements ``larder.ingestion.ports.BulkTables``.

    ``seconds`` bound the tries of one commit.
    """

    catalog: Catalog
    settling: Settling = field(default_factory=lambda: Settling(CommitFailedException))
    seconds: float = _SECONDS
    clock: Callable[[], float] = time.time

    def append_run(self, group: FeatureGroup, run: Run, rows: Sequence[Arrow], until: int) -> int:
        written = _Files()
        attempt = partial(self._try_run, group, run, rows, until, written)
        return self.settling.until_settled(_name(group), attempt, self._remaining())

    def end_run(self, group: FeatureGroup, run: Run) -> None:

        def attempt() -> None:
            table, now = self._load(group), int(self.clock())
            outdated = [
                name
                for name, value in table.properties.items()
                if name.startswith(_PREFIX) and value.startswith(_DONE)
                if now - int(value.removeprefix(_DONE)) > _KEEP_SECONDS
            ]
            with table.transaction() as change:
                change.set_properties({_property(run): f"{_DONE}{now}"})
                if outdated:
                    change.remove_properties(*outdated)

        self.settling.until_settled(_name(group), attempt, self._remaining())

    def _try_run(
        self, group: FeatureGroup, run: Run, rows: Sequence[Arrow], until: int, written: _Files
    ) -> int:
        table = complete(self._load(group), group)
        value = table.properties.get(_property(run), "0")
        check_mark(group, run, value)
        if value.startswith(_DONE) or int(value) >= until:
            return 0
        mark, erased = int(value), table.properties.get(ERASED_PROPERTY)
        if not written.fit(table, mark, erased):
            fresh = not_erased(group, run, _fresh(rows, mark), Marks.parse(erased))
            written.keep(table, mark, erased, _write(table, group, run, fresh), len(fresh))
        with table.transaction() as change:
            change.set_properties({_property(run): str(until)})
            if written.files:
                summary = {"larder.ingest-run": run.id}
                with change.update_snapshot(snapshot_properties=summary).merge_append() as append:
                    for file in written.files:
                        append.append_data_file(file)
        return written.rows

    def _load(self, group: FeatureGroup) -> Table:
        return self.catalog.load_table(_name(group))

    def _remaining(self) -> Any:  # noqa: ANN401 - a clock that runs down
        end = time.monotonic() + self.seconds
        return lambda: end - time.monotonic()


@dataclass(slots=True)
class _Files:
    """Files of an earlier try.

    They serve again while schema, partitions, the run's mark and the marks of erasures are as then.
    """

    state: tuple[int, int, int, str | None] | None = None
    files: Sequence[DataFile] = ()
    rows: int = 0

    def fit(self, table: Table, mark: int, erased: str | None) -> bool:
        return self.state == self._state(table, mark, erased)

    def keep(
        self, table: Table, mark: int, erased: str | None, files: Sequence[DataFile], rows: int
    ) -> None:
        self.state, self.files, self.rows = self._state(table, mark, erased), files, rows

    @staticmethod
    def _state(table: Table, mark: int, erased: str | None) -> tuple[int, int, int, str | None]:
        return (table.metadata.current_schema_id, table.metadata.default_spec_id, mark, erased)


def _name(group: FeatureGroup) -> str:
    if group.offline is None:
        raise ValueError(f"feature group {group.name} has no offline store")
    return f"{group.offline.database}.{group.offline.table}"


def check_mark(group: FeatureGroup, run: Run, text: str) -> None:
    """Refuse the mark of a run that a newer release has written.

    Raises:
        NewerFormat: it is.
    """
    _FORMAT.check_text(f"the mark of run {run.id} in the table of {group.name}", text)


def _property(run: Run) -> str:
    return _PREFIX + run.id


def _fresh(rows: Sequence[Arrow], mark: int) -> Arrow:
    table = pa.concat_tables(rows)
    return table.filter(pc.greater_equal(table.column(ROW), mark)) if mark else table


def _write(table: Table, group: FeatureGroup, run: Run, rows: Arrow) -> Sequence[DataFile]:
    if not len(rows):
        return ()
    schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
    return write_partitions(table, group, table_rows(schema, group, run, rows))
