"""What is written down of a training set once its result is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from larder import __version__
from larder.errors import LarderError
from larder.offline.feature_table import TableVersion
from larder.offline.queries import QueryRun
from larder.training_sets.manifest import LABEL, Column, Manifest
from larder.training_sets.ports import Contents, JoinTask, SourceTable
from larder.training_sets.spec import PlannedJoin, TrainingSetSpec


class IncompleteResult(LarderError):
    """The result does not hold each label row exactly once. It is thrown away."""


@dataclass(frozen=True, slots=True)
class Made:
    """A result, and all that went into it."""

    spec: TrainingSetSpec
    joins: Sequence[PlannedJoin]
    engine: str
    task: JoinTask
    run: QueryRun
    contents: Contents


def require_complete(contents: Contents, rows: int) -> None:
    """Refuse a result that lost or multiplied label rows.

    Raises:
        IncompleteResult: it did, which the query by itself can't do.
    """
    if contents.rows != rows or not contents.complete:
        raise IncompleteResult(
            f"{rows} label rows gave {contents.rows} rows, not each exactly once; nothing was "
            "kept: please report this with the query"
        )


def manifest_of(made: Made, *, created: float) -> Manifest:
    """The manifest; ``created`` is in seconds since the epoch."""
    contents, task = made.contents, made.task
    return Manifest(
        name=made.spec.name,
        created_at=_iso(created),
        larder_version=__version__,
        location=task.location,
        rows=contents.rows,
        content_hash=contents.hash,
        column_hashes=contents.column_hashes,
        columns=tuple(_columns(made)),
        files=contents.files,
        tables=task.tables,
        parameters=_parameters(made),
        labels=task.labels,
        label_table=task.label_table,
        query=task.query,
        query_execution_id=made.run.execution_id,
        bytes_scanned=made.run.bytes_scanned,
        engine=made.engine,
        partition_by=task.partition_by,
    )


def _columns(made: Made) -> Iterator[Column]:
    types = dict(made.contents.columns)
    for label in made.task.labels.columns:
        yield Column(label.name, label.name.lower(), label.type, LABEL)
    for join in made.joins:
        for feature, output in join.features:
            column = output.lower()
            yield Column(output, column, types[column], f"{join.table.group}:{feature.name}")


def source_table(join: PlannedJoin, version: TableVersion) -> SourceTable:
    """What the manifest says of a table that was read."""
    table = join.table
    created = _iso(table.created / 1_000_000)
    until = None if version.written_until is None else _iso(version.written_until / 1_000_000)
    return SourceTable(
        group=table.group,
        group_created=created,
        database=table.database,
        table=table.table,
        snapshot_id=version.snapshot_id,
        empty=version.empty,
        written_until=until,
    )


def _parameters(made: Made) -> dict[str, Any]:
    """The specification in words, for people and for the next set."""
    spec = made.spec
    known = None if spec.known_as_of is None else _iso(spec.known_as_of / 1_000_000)
    groups = [
        {
            "group": join.table.group,
            "key": join.key.column,
            "features": {output: feature.name for feature, output in join.features},
            "look_back_seconds": None if join.cut.look_back is None else join.cut.look_back / 1e9,
        }
        for join in made.joins
    ]
    return {
        "event_time": spec.event_time,
        "time_zone": spec.time_zone,
        "known_as_of": known,
        "as_known_then": spec.as_known_then,
        "partition_by": list(spec.partition_by),
        "groups": groups,
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
