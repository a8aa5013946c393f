"""The control plane on DynamoDB, put together once for the two functions that run it."""

from __future__ import annotations

import base64
import secrets
import time

from larder.aws.dynamodb.api import DynamoApi
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.manage import FeatureGroups
from larder.groups.metadata import FeatureCatalog
from larder.groups.names import Home
from larder.groups.platform_rules import Platform
from larder.models.adapters.dynamodb_readers import DynamoReaders
from larder.settings.control import ControlSettings


def control_plane(dynamodb: DynamoApi, settings: ControlSettings) -> FeatureCatalog:
    """The feature groups of the platform that the settings describe, and their annotations."""
    platform = Platform(
        home=Home(settings.partition, settings.region, settings.account_id),
        buckets=(settings.offline_bucket, *settings.other_offline_buckets),
        glue_database=settings.glue_database,
        kms_key_arn=settings.kms_key_arn,
        max_groups=settings.max_feature_groups,
        other_databases=settings.other_databases,
    )
    groups = FeatureGroups(
        registry=DynamoRegistry(dynamodb, settings.registry_table),
        platform=platform,
        clock=now_micros,
        new_uid=random_uid,
        readers=DynamoReaders(dynamodb, settings.registry_table),
    )
    return FeatureCatalog(
        groups, DynamoFeatureMetadata(dynamodb, settings.registry_table), clock=now_micros
    )


def now_micros() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


def random_uid() -> str:
    """Twelve letters and digits, of 60 random bits: a group's identity, part of each record's key.

    At a million groups ever made, the odds that any two are equal are one in two million.
    """
    return base64.b32encode(secrets.token_bytes(8))[:12].decode().lower()
