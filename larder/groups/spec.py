"""What somebody asks a feature group to be, before the platform has agreed."""

from __future__ import annotations

from dataclasses import dataclass, field

from larder.access.grants import Grants
from larder.groups.feature_group import (
    FeatureDefinition,
    OnlineStore,
    StorageType,
    TableFormat,
    TtlDuration,
)

Throughput = dict[str, object]
"""ThroughputMode and, where provisioned, its capacity units, as SageMaker spells them."""


@dataclass(frozen=True, slots=True)
class CatalogSpec:
    """The table that offline data shall be catalogued under."""

    catalog: str
    database: str
    table: str


@dataclass(frozen=True, slots=True)
class OfflineSpec:
    """The offline half; of what is ``None`` the platform chooses."""

    s3_uri: str | None = None
    kms_key_id: str | None = None
    catalog: CatalogSpec | None = None
    table_format: TableFormat | None = None
    disable_glue_table_creation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """A feature group as it is asked for."""

    name: str
    record_identifier_name: str
    event_time_name: str
    features: tuple[FeatureDefinition, ...]
    online: OnlineStore | None = None
    offline: OfflineSpec | None = None
    role_arn: str | None = None
    description: str | None = None
    throughput: Throughput = field(default_factory=lambda: {"ThroughputMode": "OnDemand"})
    tags: tuple[tuple[str, str], ...] = ()
    grants: Grants = field(default_factory=Grants)


@dataclass(frozen=True, slots=True)
class OnlineChange:
    """A change of the online store.

    ``sets_ttl`` says whether the time to live changes at all; to ``None`` it is removed.
    """

    sets_ttl: bool = False
    ttl: TtlDuration | None = None
    storage_type: StorageType | None = None
