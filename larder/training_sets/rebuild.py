"""Making a training set again, and saying whether the same came out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from larder.offline.queries import QueryRun, SnapshotGone
from larder.progress import Report, silent
from larder.training_sets.build import TrainingSets
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import ATHENA, Contents, JoinTask


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found.

    ``changes`` are sentences, none where the content is the same. ``location`` is where the new
    result lies, if it was kept.
    """

    name: str
    identical: bool
    changes: tuple[str, ...]
    rows: int = 0
    content_hash: str = ""
    bytes_scanned: int = 0
    engine: str = ATHENA
    location: str | None = None


def rebuild(
    sets: TrainingSets, name: str, *, keep: bool = False, report: Report = silent
) -> Rebuilt:
    """Run a training set's query again, on its engine, over its labels and snapshots.

    The set itself is never touched. A result that differs is kept beside it to be looked at, an
    identical one only with ``keep``.

    Raises what ``TrainingSets.get`` and the engine do.
    """
    manifest = sets.get(name)
    lost = tuple(_lost(sets, manifest))
    if lost:
        return Rebuilt(name, identical=False, changes=lost)
    location = sets.files.location(name, "rebuilt", sets.new_id())
    done, contents = _again(sets, manifest, location, report)
    changes = tuple(_changes(manifest, contents))
    kept = keep or bool(changes)
    if not kept:
        sets.files.remove(location)
    return Rebuilt(
        name,
        identical=not changes,
        changes=changes,
        rows=contents.rows,
        content_hash=contents.hash,
        bytes_scanned=done.bytes_scanned,
        engine=manifest.engine,
        location=location if kept else None,
    )


def _again(
    sets: TrainingSets, manifest: Manifest, location: str, report: Report
) -> tuple[QueryRun, Contents]:
    label_table = f"tmp_labels_{sets.new_id()}"
    task = JoinTask(
        training_set=manifest.name,
        query=manifest.query.replace(manifest.label_table, label_table),
        label_table=label_table,
        labels=manifest.labels,
        tables=manifest.tables,
        location=location,
        partition_by=manifest.partition_by,
    )
    try:
        done = sets.engines(manifest.engine).run(task, report)
        return done, sets.files.contents(location, manifest.rows, manifest.partitions, report)
    except BaseException:
        sets.files.remove(location)
        raise


def _lost(sets: TrainingSets, manifest: Manifest) -> Iterator[str]:
    """What the set was made of and is not there any more."""
    yield from sets.files.unchanged(manifest.labels.files)
    for table in manifest.tables:
        if table.snapshot_id is not None:
            try:
                sets.versions.check(table.database, table.table, table.snapshot_id)
            except SnapshotGone as error:
                yield f"feature group {table.group}: {error}"


def _changes(manifest: Manifest, contents: Contents) -> Iterator[str]:
    if contents.hash == manifest.content_hash and contents.complete:
        return
    if contents.rows != manifest.rows or not contents.complete:
        yield f"{manifest.rows} rows were made then, {contents.rows} now, not each exactly once"
    for table in manifest.tables:
        if table.written_until is not None:
            yield (
                f"feature group {table.group}: its table has no snapshots; rows accepted before "
                f"{table.written_until} have come or gone since"
            )
    then, now = manifest.column_hashes, contents.column_hashes
    sources = {column.column: column.source for column in manifest.columns}
    for column in sorted(then.keys() | now.keys()):
        if then.get(column) != now.get(column):
            yield f"column {column} (from {sources.get(column, 'nowhere')}) has other values"
