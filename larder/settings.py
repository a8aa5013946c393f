"""Environment of each Lambda function, typed, written by the stacks and read by the functions.

A stack builds the instance and passes ``to_env()`` to the function; the function calls
``from_env()``. A variable's name is derived from its field in one place and cannot be spelled
differently on the two sides. Values that are CDK tokens at synth are strings; keep them ``str``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self, get_type_hints

from larder.errors import ConfigurationError

_PREFIX = "LARDER_"


def client_parameter(stage: str) -> str:
    """Name of the SSM parameter where a stage publishes its ``PublishedSettings``.

    Its value is the JSON of ``to_env()``.
    """
    return f"/larder/{stage}/client"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of the settings classes; fields are ``str``, ``int`` or ``float``."""

    def to_env(self) -> dict[str, str]:
        """The environment variables that ``from_env`` reads back into an equal instance."""
        return {_PREFIX + f.name.upper(): str(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Parse the environment.

        Raises:
            ConfigurationError: variables are absent or do not parse; all of them are named.
        """
        hints = get_type_hints(cls)
        values: dict[str, object] = {}
        problems: list[str] = []
        for field in fields(cls):
            name = _PREFIX + field.name.upper()
            if name not in env:
                if field.default is MISSING:
                    problems.append(f"{name} is not set")
                continue
            try:
                values[field.name] = hints[field.name](env[name])
            except ValueError as error:
                problems.append(f"{name}: {error}")
        if problems:
            raise ConfigurationError("; ".join(problems))
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class MemorySettings(Settings):
    """Where the in-memory tier is, if the stage has one.

    ``valkey_address`` is ``host:port``, empty without a tier. ``valkey_tls`` is 1 or 0; without TLS
    no credentials are sent. ``valkey_user`` is the ElastiCache user that authenticates by IAM,
    ``valkey_cache`` the name of the serverless cache that its tokens are signed for.
    """

    valkey_address: str = ""
    valkey_tls: int = 1
    valkey_user: str = ""
    valkey_cache: str = ""


@dataclass(frozen=True, kw_only=True)
class RuntimeSettings(MemorySettings):
    """The data plane: PutRecord, GetRecord and their kin.

    ``account_id``, ``region`` and ``partition`` say which group ARNs are ours.
    ``group_cache_seconds`` is how long a feature group's settings may be reused; an entry older
    than that is never used, and a group stays ``Deleting`` for at least twice as long.
    ``administrators`` are the patterns, between spaces, of principals that may do all;
    ``missing_grants_deny`` is 1 where a group without grants is closed to everybody else, else 0.
    """

    registry_table: str
    records_table: str
    account_id: str
    region: str
    partition: str
    group_cache_seconds: float = 5.0
    administrators: str = ""
    missing_grants_deny: int = 0


@dataclass(frozen=True, kw_only=True)
class PublishedSettings(RuntimeSettings):
    """What a stage publishes for Python programs (``larder.connect``): all stores and the API.

    ``offline_bucket``, ``database`` and ``workgroup`` are where the history is kept and queried.
    ``api_endpoint`` is the URL of the HTTP API, which serves both planes.
    """

    offline_bucket: str
    database: str
    workgroup: str
    api_endpoint: str


@dataclass(frozen=True, kw_only=True)
class ControlSettings(Settings):
    """The control plane: CreateFeatureGroup and its kin, over the API or from CloudFormation.

    ``offline_bucket`` is the platform's own; ``other_offline_buckets`` is a comma-separated list
    of further buckets whose ``S3Uri`` is accepted, ``other_databases`` one of further databases
    that a DataCatalogConfig may name. ``kms_key_arn`` is the platform's key, the only
    one that a request may name. ``max_feature_groups`` is the account quota. ``administrators``
    and ``missing_grants_deny`` are as for the data plane. ``forward_sagemaker_endpoint`` is where
    operations of SageMaker go that Larder has not; without one they are refused.
    """

    registry_table: str
    account_id: str
    region: str
    partition: str
    offline_bucket: str
    glue_database: str
    kms_key_arn: str
    other_offline_buckets: str = ""
    other_databases: str = ""
    max_feature_groups: int = 1000
    administrators: str = ""
    missing_grants_deny: int = 0
    forward_sagemaker_endpoint: str = ""


@dataclass(frozen=True, kw_only=True)
class LifecycleSettings(Settings):
    """The provisioner that follows the registry's stream: offline tables made, groups purged."""

    registry_table: str
    records_table: str
    offline_bucket: str
    glue_database: str
    group_cache_seconds: float = 5.0


@dataclass(frozen=True, kw_only=True)
class MemoryProjectorSettings(MemorySettings):
    """The projector that follows the records table's stream and repairs the in-memory tier."""

    region: str


@dataclass(frozen=True, kw_only=True)
class OfflineWriterSettings(Settings):
    """The writer that follows the records table's stream into the offline tables.

    ``quarantine_prefix`` is where records that can't be written go, one object each, in
    ``offline_bucket``.
    """

    registry_table: str
    offline_bucket: str
    quarantine_prefix: str = "quarantine/"


@dataclass(frozen=True, kw_only=True)
class MaintenanceSettings(Settings):
    """The scheduled upkeep of the offline tables.

    The numbers are ``larder.offline.upkeep``'s rules.
    """

    registry_table: str
    offline_bucket: str
    snapshot_days: int
    pinned_days: int
    orphan_hours: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatSettings(Settings):
    """The heartbeat that proves how far the records table's stream has been written offline."""

    registry_table: str
    records_table: str
    records_stream: str
