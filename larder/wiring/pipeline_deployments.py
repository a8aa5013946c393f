"""What a deployment would change of a stage's pipelines, with this process's rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import boto3

from larder.aws.s3_objects import Objects
from larder.pipelines.adapters.source_files import CatalogFiles
from larder.pipelines.backfill import Backfills
from larder.pipelines.definition import Pipeline
from larder.pipelines.deployment import Deployments
from larder.settings.base import Settings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.pipeline_definitions import read_declared
from larder.wiring.pipeline_ledger import open_ledger
from larder.wiring.pipeline_runs import source_tables


@dataclass(frozen=True, kw_only=True)
class DeploymentSettings(Settings):
    """Where the ledger is, and where the deployed definitions lie on S3."""

    registry_table: str
    pipelines_definitions: str = ""


def open_deployments(settings: DeploymentSettings) -> Deployments:
    """Compares with what the stage has deployed."""
    config = background()
    s3 = boto3.client("s3", config=config)

    def deployed() -> Mapping[str, Pipeline]:
        return read_declared(s3, settings.pipelines_definitions).by_name

    files = CatalogFiles(source_tables(), boto3.client("glue", config=config), Objects(s3))
    ledger = open_ledger(settings.registry_table)
    return Deployments(deployed, ledger, Backfills(files, now_micros))
