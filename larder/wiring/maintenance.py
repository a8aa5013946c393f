"""The maintenance of the offline tables over DynamoDB, S3 and Glue."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.upkeep_by_format import open_upkeep
from larder.offline.maintain import Maintenance
from larder.offline.upkeep import UpkeepRules
from larder.settings.maintenance import MaintenanceSettings
from larder.training_sets.adapters.pinned_snapshots import S3PinnedSnapshots
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros


def open_maintenance(settings: MaintenanceSettings) -> Maintenance:
    """The maintenance of all groups' tables, by the rules that the settings state."""
    config = background(read_seconds=20)
    s3 = boto3.client("s3", config=config)
    return Maintenance(
        registry=DynamoRegistry(
            BotoDynamo(boto3.client("dynamodb", config=config)), settings.registry_table
        ),
        tables=open_upkeep(s3),
        pinned=S3PinnedSnapshots(Objects(s3), settings.offline_bucket),
        rules=UpkeepRules(
            snapshot_days=settings.snapshot_days,
            pinned_days=settings.pinned_days,
            orphan_hours=settings.orphan_hours,
        ),
        clock=now_micros,
        bucket=settings.offline_bucket,
    )
