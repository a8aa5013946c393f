"""Training sets over groups that are looked up in some way, and joined by some engines."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import boto3

from larder.aws.s3_objects import Objects
from larder.errors import ValidationError
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.settings.base import Settings
from larder.training_sets.adapters.athena_joins import AthenaJoins
from larder.training_sets.adapters.glue_label_tables import GlueLabelTables
from larder.training_sets.adapters.set_files import S3SetFiles
from larder.training_sets.build import TrainingSets
from larder.training_sets.ports import ATHENA, GroupTables, JoinEngine


@dataclass(frozen=True, kw_only=True)
class HistorySettings(Settings):
    """Where the platform keeps history: its bucket, its Glue database, its Athena workgroup."""

    offline_bucket: str
    database: str
    workgroup: str


Engines = Callable[[str, AthenaQueries, Objects, str], JoinEngine]
"""The engine of a name, over queries, objects and the history's database."""


def by_athena(name: str, queries: AthenaQueries, _objects: Objects, database: str) -> JoinEngine:
    """Athena's joins.

    Raises:
        ValidationError: another engine is asked for.
    """
    if name != ATHENA:
        raise ValidationError(f"engine: {name[:80]!r} is not there: use {ATHENA}")
    return AthenaJoins(queries, GlueLabelTables(boto3.client("glue"), database))


def training_sets_over(
    settings: HistorySettings, groups: GroupTables, engines: Engines = by_athena
) -> TrainingSets:
    """The training sets over groups that are looked up so, new ones joined by Athena."""
    objects = Objects(boto3.client("s3"))
    queries = AthenaQueries(boto3.client("athena"), settings.workgroup, settings.database)
    return TrainingSets(
        database=settings.database,
        groups=groups,
        versions=IcebergVersions(open_catalog()),
        queries=queries,
        engines=lambda name: engines(name, queries, objects, settings.database),
        engine=ATHENA,
        files=S3SetFiles(objects, settings.offline_bucket),
        clock=time.time,
        new_id=lambda: secrets.token_hex(8),
    )
