"""Training sets from Python.

    flights = platform.training_sets.create(
        "flights-2013", labels_frame, event_time="departs", features={"carrier": ["late_rate_24h"]}
    )
    flights.to_pandas()

A set's rows are in the order of its labels, whichever engine joined them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from larder.as_of.oracle import nanos_of
from larder.client.html import facts, table
from larder.errors import ValidationError
from larder.extras import needs
from larder.foreign_errors import in_larders_words
from larder.progress import Report, silent
from larder.tabular.reading import Reading
from larder.training_sets.build import TrainingSets
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import ATHENA, DUCKDB, SetRows
from larder.training_sets.rebuild import Rebuilt, rebuild
from larder.training_sets.spec import GroupFeatures, TrainingSetSpec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Features = Mapping[str, Sequence[str] | None] | Iterable[GroupFeatures | str]
"""Features by group, ``None`` for all of a group; or a list of groups and ``GroupFeatures``."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A training set whose rows can be read, in the order in which the labels were given."""

    manifest: Manifest
    stored: SetRows

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.name

    @property
    def rows(self) -> int:
        """How many rows it has: one for each label row."""
        return self.manifest.rows

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table, label columns in the types that they were given in."""
        return self.stored.table(self.manifest)

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas frame."""
        with needs("pandas", "to_pandas"):
            import pandas  # noqa: PLC0415, F401 - optional
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """All rows as a Polars frame."""
        with needs("polars", "to_polars"):
            import polars as pl  # noqa: PLC0415 - optional
        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table never becomes a series
        return frame

    def to_numpy(self) -> dict[str, np.ndarray[Any, Any]]:
        """All rows as an array by column name."""
        found = self.to_arrow()
        return {name: found[name].to_numpy() for name in found.column_names}

    def export(self, path: str | Path) -> int:
        """Write all rows to a .parquet, .csv or .arrow file, and return their number.

        Raises:
            ValidationError: the file's kind is another, or can't hold a column.
        """
        return self.stored.export(self.manifest, Path(path))

    def batches(self) -> Iterator[Any]:
        """The rows as stored, unordered, in Arrow batches; memory stays bounded."""
        return self.stored.batches(self.manifest)

    def _repr_html_(self) -> str:
        made = self.manifest
        about = facts(
            f"Training set {made.name}",
            {
                "Rows": made.rows,
                "Made": made.created_at,
                "Feature groups": ", ".join(each.group for each in made.tables),
                "Engine": made.engine,
                "Bytes scanned": made.bytes_scanned,
                "Content": made.content_hash,
                "Location": made.location,
            },
        )
        rows = [(each.name, each.type, each.source) for each in made.columns]
        return about + table("Columns", ("Column", "Type", "Source"), rows)


class TrainingSetList(list[Manifest]):
    """The manifests of training sets, by name."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        rows = [
            (each.name, each.created_at, each.rows, ", ".join(t.group for t in each.tables))
            for each in self
        ]
        return table(f"{len(self):,} training sets", ("Name", "Made", "Rows", "Groups"), rows)


@dataclass(frozen=True, slots=True)
class TrainingSetsClient:
    """A platform's training sets.

    ``create`` raises ``ValidationError``, ``ResourceInUse`` or ``QueryFailed``. Its arguments:

    Args:
        labels: a pandas, Polars, Arrow or NumPy frame, columns by name, the address of files of
            rows (local or ``s3://``: a file, a folder, a pattern), or ``SqlLabels``.
        event_time: the labels' column of instants.
        features: features by group, or ``GroupFeatures`` with a key, a look-back or names.
        engine: ``athena``, or ``duckdb``, which joins in this process. The rows are the same;
            labels by SQL run on Athena with either.
        time_zone: the zone of label times that have none.
        delimiter: between the cells of a text file; by default the comma, semicolon, tab or pipe
            that its header has most of.
        encoding: of a text file; by default UTF-8, or what a byte order mark says.
        known_as_of: leave out what was written after this instant.
        as_known_then: leave out what was written after the label's own time.
        full_names: name features ``<group>__<feature>``.
        partition_by: label columns by whose values the files lie in folders.
    """

    sets: TrainingSets
    stored: SetRows

    def create(  # noqa: PLR0913 - keywords explain themselves
        self,
        name: str,
        labels: Any,  # noqa: ANN401 - a frame of any library, an address, or SqlLabels
        *,
        event_time: str,
        features: Features,
        engine: str = ATHENA,
        time_zone: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        known_as_of: datetime | str | None = None,
        as_known_then: bool = False,
        full_names: bool = False,
        partition_by: Sequence[str] = (),
        report: Report = silent,
    ) -> TrainingSet:
        """Make a training set: one row per label row, each feature as of the label's time."""
        spec = TrainingSetSpec(
            name=name,
            event_time=event_time,
            groups=_groups(features),
            time_zone=time_zone,
            known_as_of=_micros(known_as_of),
            as_known_then=as_known_then,
            full_names=full_names,
            partition_by=tuple(partition_by),
            reading=Reading(delimiter=delimiter, encoding=encoding),
        )
        return self._made(spec, labels, engine, report)

    def _made(
        self,
        spec: TrainingSetSpec,
        labels: Any,  # noqa: ANN401 - see ``create``
        engine: str,
        report: Report,
    ) -> TrainingSet:
        sets = replace(self.sets, engine=_checked_engine(engine))
        with in_larders_words(f"training set {spec.name} failed"):
            return TrainingSet(sets.create(spec, labels, report), self.stored)

    def get(self, name: str) -> TrainingSet:
        """A training set that was made before.

        Raises:
            ResourceNotFound: there is no such set.
        """
        return TrainingSet(self.sets.get(name), self.stored)

    def list(self) -> TrainingSetList:
        """The manifests of all training sets, by name."""
        return TrainingSetList(self.sets.list())

    def rebuild(self, name: str, *, keep: bool = False, report: Report = silent) -> Rebuilt:
        """Make a set again of the same snapshots, and say whether the same came out."""
        return rebuild(self.sets, name, keep=keep, report=report)


def _groups(features: Features) -> tuple[GroupFeatures, ...]:
    if isinstance(features, Mapping):
        return tuple(GroupFeatures(group=name, features=each) for name, each in features.items())
    if isinstance(features, str):
        raise ValidationError(
            f"features: {features[:64]!r} is one text; give a list of feature groups, or a "
            "mapping of features by group."
        )
    return tuple(GroupFeatures(group=each) if isinstance(each, str) else each for each in features)


def _micros(instant: datetime | str | None) -> int | None:
    if instant is None:
        return None
    text = instant.isoformat() if isinstance(instant, datetime) else instant
    return nanos_of(text) // 1000


def _checked_engine(engine: str) -> str:
    if engine not in (ATHENA, DUCKDB):
        raise ValidationError(f"there is no engine {engine[:50]!r}: use {ATHENA} or {DUCKDB}")
    return engine
