"""What training sets need of the world: the ports, and the values that pass through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from larder.as_of.athena import Labels
from larder.as_of.join import Join
from larder.offline.feature_table import FeatureTable
from larder.offline.queries import QueryRun
from larder.progress import Report
from larder.training_sets.label_columns import WantedLabels

if TYPE_CHECKING:
    from larder.training_sets.manifest import Manifest

ATHENA, DUCKDB = "athena", "duckdb"
"""Names of the engines that join."""


@dataclass(frozen=True, slots=True)
class SqlLabels:
    """Labels that a query of the caller's gives; it runs once, as the caller."""

    sql: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A Parquet file: its address, size, rows and SHA-256 in hexadecimal."""

    address: str
    bytes: int
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """A column that the labels bring: its stored name, its given name, its given (Arrow) type."""

    stored: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class StoredLabels:
    """Labels as they are stored. ``schema`` has each stored column with its Hive type.

    ``first`` and ``last`` are the earliest and the latest label time, in nanoseconds.
    """

    location: str
    files: tuple[StoredFile, ...]
    rows: int
    first: int
    last: int
    columns: tuple[LabelColumn, ...]
    schema: tuple[tuple[str, str], ...]

    def types_of(self, names: Sequence[str]) -> dict[str, str]:
        """The Hive types of some given columns, by their names in the result's files."""
        types, stored = dict(self.schema), {each.name: each.stored for each in self.columns}
        return {name.lower(): types[stored[name]] for name in names}


@dataclass(frozen=True, slots=True)
class Contents:
    """A result as it was found on S3.

    ``hash`` depends on the values alone: not on files, nor on the order of rows or columns;
    ``column_hashes`` say which column differs where it does. ``complete`` tells whether each of
    the expected label rows is there exactly once. ``columns`` have their types as stored.
    """

    files: tuple[StoredFile, ...]
    rows: int
    complete: bool
    columns: tuple[tuple[str, str], ...]
    hash: str
    column_hashes: dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table that was read.

    ``snapshot_id`` is ``None`` where the table has no snapshots. Then rows that were accepted up to
    ``written_until`` were read, which does not hold the table still: such rows may come later.
    """

    group: str
    group_created: str
    database: str
    table: str
    snapshot_id: int | None
    empty: bool
    written_until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinTask:
    """A join to run: ``query`` over the labels and the tables, at their snapshots.

    The rows go below ``location``, in folders by the values of the columns ``partition_by``, which
    come last in the query. ``label_table`` is the name that the query has for the labels.
    """

    training_set: str
    query: str
    label_table: str
    labels: StoredLabels
    tables: tuple[SourceTable, ...]
    location: str
    partition_by: tuple[str, ...]


class GroupTables(Protocol):
    """The feature groups of the platform, as tables of history."""

    def get(self, group: str) -> FeatureTable:
        """The group's table.

        Raises:
            ValidationError: there is no such group, it is not ready, or it keeps no history.
        """


class LabelTables(Protocol):
    """Tables that exist as long as a query needs them."""

    def table(
        self, name: str, labels: StoredLabels, *, training_set: str
    ) -> AbstractContextManager[None]:
        """The labels as a table of the platform's database, gone afterwards whatever happens."""


class JoinEngine(Protocol):
    """Runs joins. A query is in the engine's own SQL; the rows are the same whichever runs it."""

    def query(self, labels: Labels, joins: Sequence[Join]) -> str:
        """The query of a join, as it is written down in the manifest."""

    def run(self, task: JoinTask, report: Report) -> QueryRun:
        """Run a query and write its rows; nothing but the rows stays, whatever happens.

        Raises:
            QueryFailed: the engine could not run it.
            ValidationError: a table is of a kind that the engine can't read.
        """


class SetFiles(Protocol):
    """Files of training sets, below one root."""

    def location(self, *parts: str) -> str:
        """The address of a folder; it ends with a slash."""

    def write_labels(
        self,
        source: Any,  # noqa: ANN401 - a frame of any library, or an address
        wanted: WantedLabels,
        location: str,
        report: Report,
    ) -> StoredLabels:
        """Check labels and store them below a location.

        Raises:
            ValidationError: the labels can't be used, and why.
        """

    def contents(
        self, location: str, rows: int, partitions: Mapping[str, str], report: Report
    ) -> Contents:
        """Read a result of so many label rows whole, and say what it is.

        ``partitions`` are the columns that are in folders' names, with their types as stored.
        """

    def unchanged(self, files: Sequence[StoredFile]) -> list[str]:
        """What is wrong with files: sentences about those that are gone or differ."""

    def remove(self, location: str) -> None:
        """Delete all files below a folder."""

    def manifest(self, name: str) -> bytes | None:
        """The manifest of a training set; ``None`` if there is no such set."""

    def put_manifest(self, name: str, document: bytes) -> None:
        """Write the manifest of a set that has none.

        Raises:
            ResourceInUse: it has one.
        """

    def names(self) -> list[str]:
        """The names of all training sets."""


class SetRows(Protocol):
    """The rows of training sets, read from their files. Tables and batches are Arrow's."""

    def table(self, manifest: Manifest) -> Any:  # noqa: ANN401 - pyarrow is untyped
        """All rows, in the order and the types in which the labels were given."""

    def batches(self, manifest: Manifest) -> Iterator[Any]:
        """The rows as stored, unordered; memory stays bounded."""

    def export(self, manifest: Manifest, path: Path) -> int:
        """Write all rows into a file of this machine, and return their number.

        Raises:
            ValidationError: the file's kind is another, or can't hold a column.
        """
