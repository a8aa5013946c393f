"""Offline tables in Iceberg, through any PyIceberg catalog that swaps metadata atomically.

Exactly once by content: every commit try reads which of its keys the current snapshot holds. The
commit is refused if another snapshot has taken that one's place. So it makes no difference who
wrote a row before, in which batch, and whether the writer learned of it. Rows of an identifier that
was erased are dropped likewise, by the marks in the very metadata under the commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from larder.backoff import Backoff
from larder.groups.feature_group import FeatureGroup, OfflineStore
from larder.offline.adapters.arrow import sorted_unique
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.adapters.iceberg.files import existing_keys, write_rows
from larder.offline.adapters.iceberg.schema import (
    ERASED_PROPERTY,
    check_owner,
    complete,
    partition_of,
    properties_of,
    schema_of,
    sort_order_of,
)
from larder.offline.adapters.settling import Settling
from larder.offline.erased_marks import Marks
from larder.offline.ports import Appended, Remaining
from larder.offline.rows import Key, OfflineRow


@dataclass(frozen=True, slots=True)
class _Written:
    """Files of an earlier try; they serve again while keys, schema and partitions are the same."""

    keys: frozenset[Key]
    schema_id: int
    spec_id: int
    files: list[DataFile]

    def fits(self, table: Table, keys: frozenset[Key]) -> bool:
        ids = (table.metadata.current_schema_id, table.metadata.default_spec_id)
        return (self.schema_id, self.spec_id) == ids and self.keys == keys


@dataclass(slots=True)
class IcebergTables:
    """Implements ``larder.offline.ports.OfflineTables``."""

    catalog: Catalog
    sleep: InitVar[Callable[[float], None]] = time.sleep
    _settling: Settling = field(init=False)

    def __post_init__(self, sleep: Callable[[float], None]) -> None:
        """Take a commit that was refused for somebody's being faster."""
        self._settling = Settling(CommitFailedException, Backoff(sleep=sleep))

    def create(self, group: FeatureGroup) -> None:
        with translated_errors(_name(_offline(group))):
            try:
                existing = self._load(group)
            except NoSuchTableError:
                try:
                    self._create(group)
                    return
                except TableAlreadyExistsError:  # a moment ago
                    existing = self._load(group)
            check_owner(existing, group)

    def evolve(self, group: FeatureGroup, *, remaining: Remaining) -> None:
        self._settling.until_settled(
            _name(_offline(group)), lambda: complete(self._load(group), group), remaining
        )

    def append(
        self, group: FeatureGroup, rows: Sequence[OfflineRow], *, remaining: Remaining
    ) -> Appended:
        unique = list(sorted_unique(rows))
        written: list[_Written] = []
        fresh, snapshot_id = self._settling.until_settled(
            _name(_offline(group)), lambda: self._try_append(group, unique, written), remaining
        )
        return Appended(fresh, len(rows) - fresh, snapshot_id)

    def _try_append(
        self, group: FeatureGroup, rows: Sequence[OfflineRow], written: list[_Written]
    ) -> tuple[int, int | None]:
        table = complete(self._load(group), group)
        known = existing_keys(table, group, rows)
        erased = Marks.parse(table.properties.get(ERASED_PROPERTY))
        fresh = [row for row in rows if row.key not in known and not erased.refuse(group.uid, row)]
        if fresh:
            keys = frozenset(row.key for row in fresh)
            if not (written and written[-1].fits(table, keys)):
                metadata = table.metadata
                files = write_rows(table, group, fresh)
                written.append(
                    _Written(keys, metadata.current_schema_id, metadata.default_spec_id, files)
                )
            _commit(table, written[-1].files)
        return len(fresh), table.metadata.current_snapshot_id

    def _load(self, group: FeatureGroup) -> Table:
        store = _offline(group)
        return self.catalog.load_table((store.database, store.table))

    def _create(self, group: FeatureGroup) -> None:
        store, schema = _offline(group), schema_of(group)
        self.catalog.create_table(
            (store.database, store.table),
            schema=schema,
            location=store.location,
            partition_spec=partition_of(group, schema),
            sort_order=sort_order_of(group, schema),
            properties=properties_of(group),
        )


def _commit(table: Table, files: Sequence[DataFile]) -> None:
    with table.transaction() as change, change.update_snapshot().merge_append() as append:
        for file in files:
            append.append_data_file(file)


def _offline(group: FeatureGroup) -> OfflineStore:
    if group.offline is None:
        raise ValueError(f"feature group {group.name} has no offline store")
    return group.offline


def _name(store: OfflineStore) -> str:
    return f"{store.database}.{store.table}"
