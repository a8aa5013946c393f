"""A feature group as its history is queried: the offline table's name and its columns."""

from __future__ import annotations

from dataclasses import dataclass

from larder.errors import ValidationError
from larder.event_time import EventTimeType
from larder.groups.feature_group import FeatureDefinition, FeatureGroup, TableFormat


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Where one group's history lies. ``features`` are all of the group's, in its order.

    ``created`` (microseconds since the epoch) tells this life of the group's name from others.
    """

    group: str
    created: int
    database: str
    table: str
    record_identifier: FeatureDefinition
    event_time: FeatureDefinition
    features: tuple[FeatureDefinition, ...]

    @classmethod
    def of(cls, group: FeatureGroup) -> FeatureTable:
        """The table of a group.

        Raises:
            ValidationError: the group has no offline store, or no table in the catalog.
        """
        if group.offline is None:
            raise ValidationError(no_history(group.name))
        if not group.offline.table:
            raise ValidationError(no_table(group.name))
        return cls(
            group=group.name,
            created=group.creation_time,
            database=group.offline.database,
            table=group.offline.table,
            record_identifier=group.features[group.ordinals[group.record_identifier_name]],
            event_time=group.features[group.ordinals[group.event_time_name]],
            features=group.features,
        )

    @property
    def event_time_type(self) -> EventTimeType:
        """How the group's event times are written, which rules how SQL compares them."""
        return EventTimeType(self.event_time.type.value)

    def feature(self, name: str) -> FeatureDefinition | None:
        """The feature of that name, if the group has it."""
        return next((feature for feature in self.features if feature.name == name), None)


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One state of an offline table.

    ``snapshot_id`` is ``None`` for a table without history of its own (format Glue). Of such a
    table ``written_until`` (microseconds since the epoch) is read. It is also ``None`` for an
    Iceberg table that was never written, which is ``empty``. ``columns`` are those of the snapshot,
    which may lack features added since. ``size`` is the bytes of its files, ``rows`` how many they
    have.
    """

    snapshot_id: int | None
    columns: frozenset[str]
    empty: bool = False
    size: int = 0
    written_until: int | None = None
    rows: int = 0


def no_history(group: str) -> str:
    """Why a group without an offline store can't be queried."""
    return (
        f"feature group {group} has no offline store, so it keeps no history to join; create it "
        "with an OfflineStoreConfig"
    )


def no_table(group: str) -> str:
    """Why a group whose data are in no catalog can't be queried."""
    return (
        f"the data of feature group {group} are in no table of the catalog: it was created with "
        "DisableGlueTableCreation and without a DataCatalogConfig"
    )


def has_iceberg(group: FeatureGroup) -> bool:
    """Whether the group's history is an Iceberg table."""
    return group.offline is not None and group.offline.table_format is TableFormat.ICEBERG


def write_time_doubt(group: FeatureGroup) -> int:
    """By how many microseconds a write time in a group's history may be too late.

    Athena rounds the times of a table of format Glue to milliseconds.
    """
    offline = group.offline
    return 1000 if offline is not None and offline.table_format is TableFormat.GLUE else 0
