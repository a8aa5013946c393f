"""The manifest of a training set: what it is, what it was made of, how to make it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import orjson

from larder.errors import NewerFormat, ValidationError
from larder.formats import MEMBER, Format, known_members
from larder.training_sets.ports import ATHENA, LabelColumn, SourceTable, StoredFile, StoredLabels

FORMAT = Format("training-set-manifest")
T = TypeVar("T")
LABEL = "label"
"""The source of a column that the labels brought."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the result.

    ``column`` is its name in the files, where Athena knows no upper case; ``type`` the Arrow type
    that a reader is given, ``source`` is ``label`` or ``<group>:<feature>``.
    """

    name: str
    column: str
    type: str
    source: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is known of a training set. ``location`` is where its Parquet files lie.

    ``query``, in the SQL of ``engine``, reads the label table ``label_table``, which exists only
    while it runs. ``partition_by`` are the columns that are in folders' names.
    ``content_hash`` is of the values (``larder.training_sets.ports.Contents``).
    """

    name: str
    created_at: str
    larder_version: str
    location: str
    rows: int
    content_hash: str
    column_hashes: dict[str, str]
    columns: tuple[Column, ...]
    files: tuple[StoredFile, ...]
    tables: tuple[SourceTable, ...]
    parameters: dict[str, Any]
    labels: StoredLabels
    label_table: str
    query: str
    query_execution_id: str
    bytes_scanned: int
    engine: str = ATHENA
    partition_by: tuple[str, ...] = ()

    @property
    def partitions(self) -> dict[str, str]:
        """The columns that are in folders' names, with their types as stored."""
        return self.labels.types_of(self.partition_by)

    def to_json(self) -> bytes:
        """The manifest as a JSON document."""
        return orjson.dumps({MEMBER: FORMAT.newest, **asdict(self)}, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, document: bytes) -> Manifest:
        """The manifest in a document that ``to_json`` made.

        Raises:
            NewerFormat: a newer release has written it.
            ValidationError: it is no manifest.
        """
        try:
            members = orjson.loads(document)
            FORMAT.check(f"the manifest of training set {members.get('name')}", members[MEMBER])
            known = known_members(cls, members) | {
                "columns": _each(Column, members["columns"]),
                "files": _each(StoredFile, members["files"]),
                "tables": _each(SourceTable, members["tables"]),
                "labels": _labels(members["labels"]),
                "partition_by": tuple(members.get("partition_by", ())),
            }
            return cls(**known)
        except NewerFormat:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValidationError(f"this is no manifest of a training set: {error!r}") from error


def pinned_by(document: bytes) -> tuple[str, list[tuple[str, str, int]]]:
    """When a set was made, and the database, table and snapshot of each table that it was made of.

    Its members stay what they are in every later format. So maintenance never removes a snapshot
    for want of a newer release.

    Raises:
        ValidationError: it is no manifest.
    """
    try:
        members = orjson.loads(document)
        tables = [
            (each["database"], each["table"], int(each["snapshot_id"]))
            for each in members["tables"]
            if each["snapshot_id"] is not None
        ]
        return members["created_at"], tables
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValidationError(f"this is no manifest of a training set: {error!r}") from error


def _each(kind: type[T], documents: list[dict[str, Any]]) -> tuple[T, ...]:
    return tuple(kind(**known_members(kind, each)) for each in documents)


def _labels(document: dict[str, Any]) -> StoredLabels:
    known = known_members(StoredLabels, document) | {
        "files": _each(StoredFile, document["files"]),
        "columns": _each(LabelColumn, document["columns"]),
        "schema": tuple((each[0], each[1]) for each in document["schema"]),
    }
    return StoredLabels(**known)
