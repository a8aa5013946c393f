"""Training sets of a platform: their use cases, and their rows on S3."""

from __future__ import annotations

from importlib import import_module

import boto3

from larder.aws.s3_objects import Objects
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.training_sets.adapters.described_groups import DescribedGroups
from larder.training_sets.adapters.results import StoredRows
from larder.training_sets.build import TrainingSets
from larder.training_sets.ports import ATHENA, JoinEngine
from larder.wiring.sagemaker import CONTROL, ApiSettings, sagemaker_client
from larder.wiring.training_sets_over import HistorySettings, by_athena, training_sets_over


def open_training_sets(
    settings: HistorySettings, api: ApiSettings
) -> tuple[TrainingSets, StoredRows]:
    """The training sets, new ones joined by Athena, and what reads their rows."""
    groups = DescribedGroups(sagemaker_client(CONTROL, api))
    sets = training_sets_over(settings, groups, _engine)
    return sets, StoredRows(Objects(boto3.client("s3")))


def _engine(name: str, queries: AthenaQueries, objects: Objects, database: str) -> JoinEngine:
    if name == ATHENA:
        return by_athena(name, queries, objects, database)
    # imported here, since most training sets need no DuckDB
    joins = import_module("larder.training_sets.adapters.duckdb_joins")
    engine: JoinEngine = joins.DuckDbJoins(database, objects, open_catalog())
    return engine
