"""What a feature group is: its features, its stores, its state.

Names and limits are SageMaker's (CreateFeatureGroup, botocore 1.44.5). The list of features is
append-only; a feature's place in it is its **ordinal**, by which values are packed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from larder.access.grants import Grants, Principals, Right
from larder.event_time import NANOS, EventTimeType
from larder.groups.reserved_tags import granted_by, removed_by

SHARDS = 64
RESERVED_FEATURE_NAMES = frozenset({"is_deleted", "write_time", "api_invocation_time"})


class FeatureType(StrEnum):
    """Scalar types; for a collection, the type of its elements."""

    STRING = "String"
    INTEGRAL = "Integral"
    FRACTIONAL = "Fractional"


class CollectionType(StrEnum):
    """Shapes of a feature that holds several values."""

    LIST = "List"
    SET = "Set"
    VECTOR = "Vector"


class StorageType(StrEnum):
    """Tiers of the online store."""

    STANDARD = "Standard"
    STANDARD_V2 = "Standard_V2"
    IN_MEMORY = "InMemory"


class TableFormat(StrEnum):
    """Formats of the offline table."""

    GLUE = "Glue"
    ICEBERG = "Iceberg"


class FeatureGroupStatus(StrEnum):
    """Where a group is in its life."""

    CREATING = "Creating"
    CREATED = "Created"
    CREATE_FAILED = "CreateFailed"
    DELETING = "Deleting"
    DELETE_FAILED = "DeleteFailed"


class UpdateStatus(StrEnum):
    """How the last UpdateFeatureGroup went."""

    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"


class TtlUnit(StrEnum):
    """Units of a time to live."""

    SECONDS = "Seconds"
    MINUTES = "Minutes"
    HOURS = "Hours"
    DAYS = "Days"
    WEEKS = "Weeks"


_UNIT_SECONDS: dict[str, int] = {
    TtlUnit.SECONDS: 1,
    TtlUnit.MINUTES: 60,
    TtlUnit.HOURS: 3600,
    TtlUnit.DAYS: 86_400,
    TtlUnit.WEEKS: 604_800,
}


class TargetStore(StrEnum):
    """A store that a write goes to."""

    ONLINE = "OnlineStore"
    OFFLINE = "OfflineStore"


@dataclass(frozen=True, slots=True)
class FeatureDefinition:
    """One feature. ``dimension`` is a Vector's length and ``None`` otherwise."""

    name: str
    type: FeatureType
    collection: CollectionType | None = None
    dimension: int | None = None


@dataclass(frozen=True, slots=True)
class TtlDuration:
    """How long after its event time a record lives."""

    unit: str
    value: int

    @property
    def nanos(self) -> int:
        """The duration in nanoseconds."""
        return self.value * _UNIT_SECONDS[self.unit] * NANOS


@dataclass(frozen=True, slots=True)
class OnlineStore:
    """The online half of a group."""

    storage_type: StorageType = StorageType.STANDARD
    ttl: TtlDuration | None = None
    kms_key_id: str | None = None


@dataclass(frozen=True, slots=True)
class OfflineStore:
    """The offline half of a group.

    ``location`` is the table's root. Without a table of its own (DisableGlueTableCreation) the
    catalog's names are its owner's or empty. ``status`` is SageMaker's OfflineStoreStatus.
    """

    s3_uri: str
    location: str
    catalog: str
    database: str
    table: str
    table_format: TableFormat = TableFormat.ICEBERG
    kms_key_id: str | None = None
    disable_glue_table_creation: bool = False
    status: str = "Active"


@dataclass(frozen=True)
class FeatureGroup:
    """A feature group in one life of its name.

    ``uid`` is our identity of that life: a re-created group has another one, so old data can't
    come back. ``revision`` counts changes of this document, for optimistic locking. Times are
    microseconds since the epoch. ``declared_in`` is the definition file of a group that is defined
    as code, ``grants`` what that file grants; tags may grant more. ``growth`` says when features
    were added: (ordinal of the first, time) per update.
    """

    name: str
    uid: str
    arn: str
    record_identifier_name: str
    event_time_name: str
    features: tuple[FeatureDefinition, ...]
    online: OnlineStore | None
    offline: OfflineStore | None
    creation_time: int
    last_modified_time: int
    status: FeatureGroupStatus = FeatureGroupStatus.CREATING
    failure_reason: str | None = None
    role_arn: str | None = None
    description: str | None = None
    last_update: UpdateStatus | None = None
    last_update_failure: str | None = None
    throughput: dict[str, object] = field(default_factory=lambda: {"ThroughputMode": "OnDemand"})
    tags: tuple[tuple[str, str], ...] = ()
    declared_in: str | None = None
    grants: Grants = field(default_factory=Grants)
    growth: tuple[tuple[int, int], ...] = ()
    shards: int = SHARDS
    revision: int = 1

    @cached_property
    def ordinals(self) -> dict[str, int]:
        """Place of each feature by name."""
        return {feature.name: ordinal for ordinal, feature in enumerate(self.features)}

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """Name of each feature by ordinal."""
        return tuple(feature.name for feature in self.features)

    def added(self, feature: str) -> int:
        """When a feature was added: microseconds since the epoch."""
        ordinal, when = self.ordinals[feature], self.creation_time
        for first, time in self.growth:
            if first <= ordinal:
                when = time
        return when

    @cached_property
    def removed(self) -> frozenset[str]:
        """Names of the features that are out of use (``larder.groups.reserved_tags``)."""
        return removed_by(self.tags)

    @cached_property
    def event_time_type(self) -> EventTimeType:
        """Type of the event-time feature, which rules how event times compare."""
        return EventTimeType(self.features[self.ordinals[self.event_time_name]].type.value)

    @cached_property
    def principals(self) -> dict[Right, Principals] | None:
        """Who has each right by the grants of file and tags; ``None`` where nothing is granted."""
        grants = self.grants + granted_by(self.tags)
        return {right: Principals(grants.patterns(right)) for right in Right} if grants else None

    @cached_property
    def schema_version(self) -> int:
        """Number of features: the list only grows, so its length names its state."""
        return len(self.features)

    @cached_property
    def stores(self) -> frozenset[TargetStore]:
        """The stores this group has."""
        stores = {TargetStore.ONLINE: self.online, TargetStore.OFFLINE: self.offline}
        return frozenset(store for store, there in stores.items() if there)
