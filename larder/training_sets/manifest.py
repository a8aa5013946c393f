"""The manifest of a training set: what it is, what it was made of, how to make it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import orjson

from larder.errors import ValidationError
from larder.training_sets.ports import ATHENA, LabelColumn, SourceTable, StoredFile, StoredLabels

FORMAT = 1
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
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, document: bytes) -> Manifest:
        """The manifest in a document that ``to_json`` made.

        Raises:
            ValidationError: it is of another format, or no manifest.
        """
        try:
            members = orjson.loads(document)
            if members.pop("format") != FORMAT:
                raise ValidationError(
                    "the manifest is of a newer format than this Larder knows: use a newer Larder"
                )
            labels = members.pop("labels")
            members["partition_by"] = tuple(members.get("partition_by", ()))
            return cls(
                columns=tuple(Column(**each) for each in members.pop("columns")),
                files=_files(members),
                tables=tuple(SourceTable(**each) for each in members.pop("tables")),
                labels=StoredLabels(
                    files=_files(labels),
                    columns=tuple(LabelColumn(**each) for each in labels.pop("columns")),
                    schema=tuple((name, kind) for name, kind in labels.pop("schema")),
                    **labels,
                ),
                **members,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValidationError(f"this is no manifest of a training set: {error!r}") from error


def _files(members: dict[str, Any]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(**each) for each in members.pop("files"))
