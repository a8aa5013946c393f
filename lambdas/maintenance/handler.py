"""Entry point of the scheduled upkeep of the offline tables."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import boto3
import orjson
from botocore.config import Config

from larder.aws.s3_objects import Objects
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.maintain import Maintenance
from larder.offline.upkeep import UpkeepRules
from larder.settings.maintenance import MaintenanceSettings
from larder.training_sets.adapters.pinned_snapshots import S3PinnedSnapshots

_RESERVE_SECONDS = 20.0
"""Kept back so that a commit under way ends, and the answer is given."""

_settings = MaintenanceSettings.from_env()
_config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 4})
_maintenance = Maintenance(
    registry=DynamoRegistry(boto3.client("dynamodb", config=_config), _settings.registry_table),
    tables=IcebergUpkeep(open_catalog()),
    pinned=S3PinnedSnapshots(Objects(boto3.client("s3", config=_config)), _settings.offline_bucket),
    rules=UpkeepRules(
        snapshot_days=_settings.snapshot_days,
        pinned_days=_settings.pinned_days,
        orphan_hours=_settings.orphan_hours,
    ),
    clock=lambda: time.time_ns() // 1000,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Keep all tables, or those of the groups named in ``event["groups"]``; say what was done."""

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVE_SECONDS

    done = _maintenance.run(remaining=remaining, only=event.get("groups") or ())
    for name, kept in done.done.items():
        _log(level="INFO", message="table kept", group=name, **asdict(kept))
    for name, error in done.failed.items():
        _log(level="ERROR", message="table not kept", group=name, error=str(error))
    if done.unreached:
        _log(level="WARNING", message="time ran out", groups=done.unreached)
    return {
        "kept": {name: asdict(kept) for name, kept in done.done.items()},
        "failed": {name: str(error) for name, error in done.failed.items()},
        "unreached": done.unreached,
    }


def _log(**fields: object) -> None:
    print(orjson.dumps(fields).decode())
