"""A shard scored: Parquet from S3, the model's matrix by DuckDB and NumPy, and Parquet back.

The same records and the same model give the same bytes: rows are sorted, one thread works, and a
file says nothing of when and where it was written.
"""

# ruff: noqa: S608 - names and literals are quoted
from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import numpy as np

from larder.as_of.text import literal, name
from larder.aws.s3_objects import Objects
from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import CollectionType, FeatureGroup, FeatureType
from larder.models.ports import LoadedModel, Matrix
from larder.models.refusals import Refused, not_finite
from larder.models.residence import Residence
from larder.models.vectors import takes_nan
from larder.predictions.columns import RecordFiller, number_columns, refusal_of
from larder.predictions.definition import VERSION_FEATURE
from larder.predictions.pin import Pin
from larder.predictions.ports import Counts
from larder.predictions.release import SNAPSHOT, SPECIFICATION
from larder.predictions.statement import MOST_FOLDERS, SHARD

Array = Any  # numpy and duckdb are untyped
_CHUNK: Final = 8_192
_MOST_KEYS: Final = 5
_SQL_TYPES: Final = {
    FeatureType.STRING: "VARCHAR",
    FeatureType.INTEGRAL: "BIGINT",
    FeatureType.FRACTIONAL: "DOUBLE",
}


@dataclass(frozen=True, slots=True)
class DuckShards:
    """Implements ``larder.predictions.ports.ShardScorer``.

    ``group`` looks up the feature group of a name, which inputs that are no plain numbers need.
    ``memory_mb`` is what DuckDB may use.
    """

    objects: Objects
    models: Residence
    group: Callable[[str], FeatureGroup | None]
    memory_mb: int = 512

    def score(
        self, pin: Pin, folder: str, shard: int, to: str, keep: Callable[[Counts], None]
    ) -> Counts:
        with TemporaryDirectory(prefix="larder-") as local:
            records, part = Path(local, "records"), Path(local, "part.parquet")
            records.mkdir()
            self._fetch(folder, shard, records)
            with duckdb.connect(config=self._config(local)) as database:
                database.execute("SET TimeZone = 'UTC'")
                counted = self._scored(database, pin, records, part)
            digest = hashlib.sha256(part.read_bytes()).hexdigest()
            counts = Counts(*counted, sha256=digest)
            keep(counts)
            self.objects.send(part, to)
        return counts

    def _config(self, folder: str) -> dict[str, str | bool | int | float | list[str]]:
        limit = f"{self.memory_mb}MB"
        return {"memory_limit": limit, "threads": 1, "temp_directory": f"{folder}/spill"}

    def _fetch(self, folder: str, shard: int, to: Path) -> None:
        first = shard // MOST_FOLDERS * MOST_FOLDERS
        for number, (address, _) in enumerate(
            self.objects.listed(f"{folder}from-{first:05}/{SHARD}={shard}/")
        ):
            self.objects.fetch(address, to / f"{number}.parquet")

    def _scored(
        self, database: Array, pin: Pin, records: Path, part: Path
    ) -> tuple[int, int, tuple[str, ...], str]:
        _load(database, pin, records)
        keys = database.execute("SELECT f0 FROM records").fetchnumpy()["f0"]
        columns = self._columns(database, pin)
        outputs = _predicted(self.models.model(pin.model), columns)
        _write(database, pin, keys[columns.kept], outputs, part)
        refused = [str(each) for each in islice(keys[~columns.kept], _MOST_KEYS)]
        count = int(len(keys) - columns.kept.sum())
        return len(keys) - count, count, tuple(refused), str(columns.why or "")

    def _columns(self, database: Array, pin: Pin) -> _Columns:
        found = _by_columns(database, pin)
        if found is None:
            group = self.group(pin.source)
            if group is None or group.uid != pin.uid:
                raise ResourceNotFound(
                    f"source.group: {pin.source} of {pin.label} was removed or made again since "
                    "the run began: begin another run"
                )
            found = _by_records(database, pin, group)
        return found if takes_nan(pin.model) else _finite(found, pin)


@dataclass(slots=True)
class _Columns:
    """A shard's matrix: a row for each record that is ``kept``; ``texts`` by their column."""

    rows: Array
    kept: Array
    why: Refused | None = None
    texts: dict[int, list[str]] | None = None


def _load(database: Array, pin: Pin, folder: Path) -> None:
    """The table ``records``: the shard's records, sorted by identifier."""
    columns = ", ".join(f"f{place}" for place in range(len(pin.read)))
    if any(folder.iterdir()):
        files = literal(f"{folder}/*.parquet")
        source = f"read_parquet({files}, hive_partitioning = false)"
        database.execute(f"CREATE TABLE records AS SELECT {columns} FROM {source} ORDER BY f0")
        return
    typed = ", ".join(
        f"f{place} {_SQL_TYPES[each.type]}{'[]' if each.collection else ''}"
        for place, each in enumerate(pin.read)
    )
    database.execute(f"CREATE TABLE records ({typed})")


def _by_columns(database: Array, pin: Pin) -> _Columns | None:
    """The matrix of plain numbers; ``None`` where there are others."""
    columns = number_columns(pin)
    if columns is None:
        return None
    listed = ", ".join(
        f"CAST(f{each.place} AS DOUBLE) AS c{number}" for number, each in enumerate(columns)
    )
    found = database.execute(f"SELECT {listed} FROM records").fetchnumpy()
    count = len(found["c0"])
    rows = np.full((count, pin.model.width), np.nan, dtype=np.float32)
    kept, without = np.ones(count, dtype=bool), []
    for number, each in enumerate(columns):
        values, absent = found[f"c{number}"], np.ma.getmaskarray(found[f"c{number}"])
        # a double becomes the nearest float32, as an invocation's does
        with np.errstate(over="ignore"):
            rows[:, each.offset] = np.ma.filled(values, each.missing or np.nan)
        if each.missing is not None:
            rows[absent, each.offset] = each.missing
        elif absent.any():
            kept &= ~absent
            without.append(each.name)
    return _Columns(rows[kept], kept, refusal_of(pin, without) if without else None)


def _by_records(database: Array, pin: Pin, group: FeatureGroup) -> _Columns:
    listed = ", ".join(f"f{place}" for place in range(len(pin.read)))
    rows = database.execute(f"SELECT {listed} FROM records")
    vectors, kept, why = [], [], None
    for each in RecordFiller(pin, group).filled(_fetched(rows)):
        is_refused = isinstance(each, Refused)
        kept.append(not is_refused)
        if isinstance(each, Refused):
            why = why or each
        else:
            vectors.append(each)
    matrix = Matrix.of_rows(vectors, pin.model.width)
    values = np.frombuffer(matrix.values, dtype=np.float32).reshape(len(vectors), -1)
    texts = {column: list(each) for column, each in matrix.texts.items()}
    return _Columns(values, np.array(kept, dtype=bool), why, texts)


def _fetched(rows: Array) -> Iterator[Sequence[object]]:
    while chunk := rows.fetchmany(_CHUNK):
        yield from chunk


def _finite(columns: _Columns, pin: Pin) -> _Columns:
    """Without the records that have a value that is not finite, for a model that takes none."""
    numbers = [at for at in range(pin.model.width) if at not in (columns.texts or {})]
    fine = np.isfinite(columns.rows[:, numbers]).all(axis=1)
    if fine.all():
        return columns
    kept = columns.kept.copy()
    kept[np.flatnonzero(kept)[~fine]] = False
    texts = {
        at: [text for text, is_fine in zip(each, fine, strict=True) if is_fine]
        for at, each in (columns.texts or {}).items()
    }
    return _Columns(columns.rows[fine], kept, columns.why or not_finite(pin.model), texts)


def _predicted(model: LoadedModel, columns: _Columns) -> Array:
    """The model's outputs, a row for each row of the matrix."""
    parts = []
    for first in range(0, len(columns.rows), _CHUNK):
        rows = columns.rows[first : first + _CHUNK]
        values = array("f")
        values.frombytes(rows.tobytes())
        texts = {at: each[first : first + _CHUNK] for at, each in (columns.texts or {}).items()}
        found = model.predict(Matrix(values, len(rows), rows.shape[1], texts))
        parts.append(np.array(found.values, dtype=np.float64).reshape(len(rows), -1))
    return np.concatenate(parts) if parts else None


def _write(database: Array, pin: Pin, keys: Array, outputs: Array, part: Path) -> None:
    width = len(pin.scores) if outputs is None else outputs.shape[1]
    made: Array = np.empty((0, width)) if outputs is None else outputs
    _check_scores(pin, made)
    scores = {f"s{at}": np.ascontiguousarray(made[:, at]) for at in range(width)}
    database.register("scores", {"k": np.ma.getdata(keys), **scores})
    listed = ", ".join(_selected(pin, width))
    database.execute(
        f"COPY (SELECT {listed} FROM scores) TO {literal(str(part))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )


def _selected(pin: Pin, width: int) -> Iterator[str]:
    target = pin.target
    yield f"CAST(k AS {_SQL_TYPES[target.identifier_type]}) AS {name(target.identifier)}"
    yield f"make_timestamptz({pin.as_of:d}) AS {name(target.event_time)}"
    for at, score in enumerate(pin.scores):
        kind = _SQL_TYPES[score.type]
        if score.collection is CollectionType.LIST:
            every = ", ".join(f"s{place}" for place in range(width))
            numbers = f"list_filter([{every}], lambda x: NOT isnan(x))"
            yield f"CAST({numbers} AS {kind}[]) AS {name(score.name)}"
        else:
            number = f"CASE WHEN isnan(s{at}) THEN NULL ELSE s{at} END"
            yield f"CAST({number} AS {kind}) AS {name(score.name)}"
    yield f"{literal(pin.label)} AS {VERSION_FEATURE}"
    yield f"CAST({'NULL' if pin.snapshot is None else pin.snapshot} AS BIGINT) AS {SNAPSHOT}"
    yield f"{literal(pin.features.sha256)} AS {SPECIFICATION}"


def _check_scores(pin: Pin, outputs: Array) -> None:
    """Refuse outputs that the scores have no place for.

    Raises:
        ValidationError: there are more or fewer of them, or one of an Integral has a fraction.
    """
    is_list = any(each.collection for each in pin.scores)
    if not is_list and outputs.shape[1] != len(pin.scores):
        raise ValidationError(
            f"scores: version {pin.label} has {outputs.shape[1]} outputs a row, and the prediction "
            f"names {len(pin.scores)}: name as many, or one of collection List"
        )
    for at, score in enumerate(pin.scores):
        numbers = outputs if is_list else outputs[:, at]
        if score.type is FeatureType.INTEGRAL and not _is_whole(numbers):
            raise ValidationError(
                f"scores.{score.name}: version {pin.label} gives numbers with fraction or beyond "
                "64 bits, and it is Integral: make it Fractional"
            )


def _is_whole(numbers: Array) -> bool:
    given = numbers[~np.isnan(numbers)]
    return bool(((given == np.floor(given)) & (np.abs(given) < 2**63)).all())
