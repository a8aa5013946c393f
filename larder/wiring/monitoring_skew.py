"""Comparisons of served vectors with the histories of their groups, by a person's rights."""

from __future__ import annotations

from collections.abc import Callable

import boto3

from larder.models.adapters.athena_rows import AthenaRows
from larder.monitoring.skew import SkewCheck
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.offline.feature_table import FeatureTable
from larder.training_sets.adapters.described_groups import DescribedGroups
from larder.wiring.boto import background
from larder.wiring.monitoring import MonitoringClientSettings
from larder.wiring.sagemaker import CONTROL, ApiSettings, sagemaker_client


def open_skew(settings: MonitoringClientSettings, api: ApiSettings) -> SkewCheck:
    """Comparisons of served vectors with the histories, by a person's rights."""
    athena = boto3.client("athena", config=background())
    queries = AthenaQueries(athena, settings.workgroup, settings.database)
    return SkewCheck(
        queries=AthenaRows(athena, queries),
        database=settings.database,
        tables=open_tables(api),
        versions=IcebergVersions(open_catalog()),
    )


def open_tables(api: ApiSettings) -> Callable[[str], FeatureTable]:
    """What gives a group's history; it raises ``ValidationError`` where there is no such group."""
    return DescribedGroups(sagemaker_client(CONTROL, api)).get
