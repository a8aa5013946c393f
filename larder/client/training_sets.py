"""Training sets from Python, on the platform that the environment names.

    from larder.client.training_sets import GroupFeatures, TrainingSetSpec, training_sets

    spec = TrainingSetSpec(
        name="flights-2013",
        event_time="departs",
        groups=(GroupFeatures(group="carrier", features=["late_rate_24h"]),),
    )
    flights = training_sets().create(spec, labels_frame).to_pandas()

The environment is that of ``make env``, or of a deployed platform: ``LARDER_OFFLINE_BUCKET``,
``LARDER_DATABASE``, ``LARDER_WORKGROUP``, and the AWS SDK's own variables.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from larder.aws.s3_objects import Objects
from larder.errors import ValidationError
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.progress import Progress, Report, silent
from larder.settings.base import Settings
from larder.training_sets.adapters.athena_joins import AthenaJoins
from larder.training_sets.adapters.described_groups import DescribedGroups
from larder.training_sets.adapters.export import write_table
from larder.training_sets.adapters.glue_label_tables import GlueLabelTables
from larder.training_sets.adapters.results import batches, delivered
from larder.training_sets.adapters.set_files import S3SetFiles
from larder.training_sets.build import TrainingSets
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import ATHENA, DUCKDB, JoinEngine, SqlLabels
from larder.training_sets.rebuild import Rebuilt, rebuild
from larder.training_sets.spec import GroupFeatures, TrainingSetSpec

__all__ = [
    "ClientSettings",
    "GroupFeatures",
    "Progress",
    "Rebuilt",
    "SqlLabels",
    "TrainingSet",
    "TrainingSetSpec",
    "TrainingSetsClient",
    "training_sets",
]


@dataclass(frozen=True, kw_only=True)
class ClientSettings(Settings):
    """Where the platform keeps history: its bucket, its Glue database, its Athena workgroup."""

    offline_bucket: str
    database: str
    workgroup: str


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A training set whose rows can be read, in the order in which the labels were given."""

    manifest: Manifest
    objects: Objects

    def to_arrow(self) -> Any:  # noqa: ANN401 - pyarrow is untyped
        """All rows as an Arrow table, label columns in the types that they were given in."""
        with TemporaryDirectory(prefix="larder-") as folder:
            found = batches(self.objects, self.manifest, Path(folder))
            return delivered(found, self.manifest)

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is untyped
        """All rows as a pandas frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:  # noqa: ANN401 - Polars is optional
        """All rows as a Polars frame.

        Raises:
            ModuleNotFoundError: Polars is not installed.
        """
        return import_module("polars").from_arrow(self.to_arrow())

    def export(self, path: Path) -> int:
        """Write all rows to a .parquet, .csv or .arrow file; how many there were.

        Raises:
            ValidationError: the file's kind is another, or can't hold a column.
        """
        table = self.to_arrow()
        write_table(table, path)
        return len(table)

    def batches(self) -> Iterator[Any]:
        """The rows as stored, unordered, in Arrow batches; memory stays bounded."""
        with TemporaryDirectory(prefix="larder-") as folder:
            yield from batches(self.objects, self.manifest, Path(folder))


@dataclass(frozen=True, slots=True)
class TrainingSetsClient:
    """The platform's training sets; methods raise what ``larder.training_sets.build`` says."""

    sets: TrainingSets
    objects: Objects

    def create(
        self,
        spec: TrainingSetSpec,
        labels: Any,  # noqa: ANN401 - a frame of any library, an address, or SqlLabels
        report: Report = silent,
    ) -> TrainingSet:
        """Make a training set: one row per label row, each feature as of the label's time.

        ``labels`` are a pandas, Polars or Arrow frame, the address of Parquet or CSV files (local
        or ``s3://``), or ``SqlLabels``.
        """
        return TrainingSet(self.sets.create(spec, labels, report), self.objects)

    def get(self, name: str) -> TrainingSet:
        """A training set that was made before."""
        return TrainingSet(self.sets.get(name), self.objects)

    def list(self) -> list[Manifest]:
        """All training sets' manifests, by name."""
        return self.sets.list()

    def rebuild(self, name: str, *, keep: bool = False, report: Report = silent) -> Rebuilt:
        """Make a set again of the same snapshots, and say whether the same came out."""
        return rebuild(self.sets, name, keep=keep, report=report)


def training_sets(
    settings: ClientSettings | None = None, *, engine: str = ATHENA
) -> TrainingSetsClient:
    """The training sets of the platform that settings, by default the environment, name.

    ``engine`` joins new sets: ``athena``, or ``duckdb``, which reads the tables' files and joins
    them in this process. The rows are the same; labels by SQL run on Athena with either.

    Raises:
        ConfigurationError: variables are missing; all of them are named.
        ValidationError: there is no such engine.
    """
    if engine not in (ATHENA, DUCKDB):
        raise ValidationError(f"there is no engine {engine[:50]!r}: use {ATHENA} or {DUCKDB}")
    named = settings or ClientSettings.from_env()
    objects = Objects(boto3.client("s3"))
    queries = AthenaQueries(boto3.client("athena"), named.workgroup, named.database)
    sets = TrainingSets(
        database=named.database,
        groups=DescribedGroups(boto3.client("sagemaker")),
        versions=IcebergVersions(open_catalog()),
        queries=queries,
        engines=lambda name: _engine(name, queries, objects, named.database),
        engine=engine,
        files=S3SetFiles(objects, named.offline_bucket),
        clock=time.time,
        new_id=lambda: secrets.token_hex(8),
    )
    return TrainingSetsClient(sets, objects)


def _engine(name: str, queries: AthenaQueries, objects: Objects, database: str) -> JoinEngine:
    if name == ATHENA:
        return AthenaJoins(queries, GlueLabelTables(boto3.client("glue"), database))
    joins = import_module(
        "larder.training_sets.adapters.duckdb_joins"
    )  # DuckDB is there where it is used
    engine: JoinEngine = joins.DuckDbJoins(database, objects, open_catalog())
    return engine
