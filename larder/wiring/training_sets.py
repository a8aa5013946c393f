"""Training sets of a platform: their use cases, and their rows on S3."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from importlib import import_module

import boto3

from larder.aws.s3_objects import Objects
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.settings.base import Settings
from larder.training_sets.adapters.athena_joins import AthenaJoins
from larder.training_sets.adapters.described_groups import DescribedGroups
from larder.training_sets.adapters.glue_label_tables import GlueLabelTables
from larder.training_sets.adapters.results import StoredRows
from larder.training_sets.adapters.set_files import S3SetFiles
from larder.training_sets.build import TrainingSets
from larder.training_sets.ports import ATHENA, GroupTables, JoinEngine
from larder.wiring.sagemaker import CONTROL, ApiSettings, sagemaker_client


@dataclass(frozen=True, kw_only=True)
class HistorySettings(Settings):
    """Where the platform keeps history: its bucket, its Glue database, its Athena workgroup."""

    offline_bucket: str
    database: str
    workgroup: str


def open_training_sets(
    settings: HistorySettings, api: ApiSettings
) -> tuple[TrainingSets, StoredRows]:
    """The training sets, new ones joined by Athena, and what reads their rows."""
    groups = DescribedGroups(sagemaker_client(CONTROL, api))
    return training_sets_of(settings, groups), StoredRows(Objects(boto3.client("s3")))


def training_sets_of(settings: HistorySettings, groups: GroupTables) -> TrainingSets:
    """The training sets over groups that are looked up so, new ones joined by Athena."""
    objects = Objects(boto3.client("s3"))
    queries = AthenaQueries(boto3.client("athena"), settings.workgroup, settings.database)
    return TrainingSets(
        database=settings.database,
        groups=groups,
        versions=IcebergVersions(open_catalog()),
        queries=queries,
        engines=lambda name: _engine(name, queries, objects, settings.database),
        engine=ATHENA,
        files=S3SetFiles(objects, settings.offline_bucket),
        clock=time.time,
        new_id=lambda: secrets.token_hex(8),
    )


def _engine(name: str, queries: AthenaQueries, objects: Objects, database: str) -> JoinEngine:
    if name == ATHENA:
        return AthenaJoins(queries, GlueLabelTables(boto3.client("glue"), database))
    # imported here, since most training sets need no DuckDB
    joins = import_module("larder.training_sets.adapters.duckdb_joins")
    engine: JoinEngine = joins.DuckDbJoins(database, objects, open_catalog())
    return engine
