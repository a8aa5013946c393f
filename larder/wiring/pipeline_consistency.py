"""Consistency checks of pipelines over the stores, Athena and S3, with this process's rights."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ResourceNotFound
from larder.ingestion.group_lookup import patiently
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.offline.adapters.iceberg.catalog import bucket_files, open_catalog
from larder.offline.adapters.iceberg.versions import IcebergVersions
from larder.pipelines.adapters.athena_rows import AthenaRows
from larder.pipelines.adapters.athena_unload import AthenaUnload
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.adapters.stored_reports import StoredReports
from larder.pipelines.consistency.check import ConsistencyCheck
from larder.pipelines.consistency.report import ConsistencyReport
from larder.pipelines.definition import Pipeline
from larder.pipelines.runs.ports import Remaining
from larder.settings.pipelines import PipelinesSettings
from larder.settings.runtime import RuntimeSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.data_plane import DataPlane, open_data_plane
from larder.wiring.pipeline_definitions import read_declared
from larder.wiring.pipeline_ledger import open_ledger
from larder.wiring.pipeline_sources import open_sources


@dataclass(frozen=True, kw_only=True)
class ConsistencySettings(RuntimeSettings):
    """The stores, the platform's bucket, where Athena runs, and where definitions lie on S3."""

    offline_bucket: str
    database: str
    workgroup: str
    pipelines_definitions: str = ""


@dataclass(frozen=True, slots=True)
class PipelineConsistency:
    """Checks of declared pipelines, and the reports that are stored.

    ``sources`` gives a pipeline as it reads now: in place of a feature group its offline table.
    """

    pipelines: Callable[[], Mapping[str, Pipeline]]
    checks: Callable[[Remaining], ConsistencyCheck]
    reports: StoredReports
    sources: Callable[[Pipeline], Pipeline] = lambda pipeline: pipeline

    def check(
        self, name: str, sample: int | None, remaining: Remaining = lambda: inf
    ) -> ConsistencyReport:
        """The report of a declared pipeline; by default of as many records as it says.

        Raises:
            ResourceNotFound: no such pipeline is declared.
            LarderError: as ``ConsistencyCheck.run``.
        """
        declared = self.pipelines()
        pipeline = declared.get(name)
        if pipeline is None:
            known = ", ".join(sorted(declared)) or "none"
            raise ResourceNotFound(
                f"pipeline: {name[:80]!r} is not declared in this stage (declared: {known})"
            )
        read = self.sources(pipeline)
        return self.checks(remaining).run(read, sample=sample, salt=secrets.token_hex(8))

    def check_and_store(self, name: str, remaining: Remaining) -> ConsistencyReport:
        """The report of a declared pipeline, stored in the platform's bucket; raises as above."""
        report = self.check(name, None, remaining)
        self.reports.put(report)
        return report


def open_step(
    settings: PipelinesSettings, pipelines: Callable[[], Mapping[str, Pipeline]]
) -> PipelineConsistency:
    """Checks by the function ``pipelines``; the online store is read in DynamoDB."""
    of_check = ConsistencySettings(
        registry_table=settings.registry_table,
        records_table=settings.records_table,
        account_id=settings.account_id,
        region=settings.region,
        partition=settings.partition,
        offline_bucket=settings.offline_bucket,
        database=settings.glue_database,
        workgroup=settings.workgroup,
    )
    plane = cache(lambda: open_data_plane(of_check))
    return open_consistency(of_check, plane, pipelines)


def open_consistency(
    settings: ConsistencySettings,
    plane: Callable[[], DataPlane],
    pipelines: Callable[[], Mapping[str, Pipeline]] | None = None,
) -> PipelineConsistency:
    """Checks over a data plane; without ``pipelines`` they are read from where they lie on S3."""
    s3 = boto3.client("s3", config=background())

    def published() -> Mapping[str, Pipeline]:
        return read_declared(s3, settings.pipelines_definitions).by_name

    return PipelineConsistency(
        pipelines or published,
        lambda remaining: _check(settings, plane(), remaining),
        StoredReports(s3, settings.offline_bucket),
        open_sources(settings.registry_table),
    )


def _check(
    settings: ConsistencySettings, plane: DataPlane, remaining: Remaining
) -> ConsistencyCheck:
    config = background()
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    athena = boto3.client("athena", config=config)
    beats = DynamoBeatStore(dynamodb, settings.registry_table)
    return ConsistencyCheck(
        groups=lambda name: patiently(plane.reader.groups, name),
        records=plane.reader.store,
        versions=IcebergVersions(open_catalog()),
        queries=AthenaRows(
            AthenaUnload(AthenaQueries(athena, settings.workgroup, settings.database)),
            StagedParquet(bucket_files),
            settings.offline_bucket,
            lambda: secrets.token_hex(8),
            remaining,
        ),
        ledger=open_ledger(settings.registry_table),
        # what is proven already: the heartbeats' function looks at it each minute
        watermark=lambda: beats.load().watermark,
        clock=now_micros,
    )
