"""A feature group as DescribeFeatureGroup answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from larder.client.html import facts, table
from larder.groups.api.requests import feature_definitions
from larder.groups.feature_group import FeatureDefinition

_BUSY = ("Creating", "Deleting")


@dataclass(frozen=True)
class GroupDescription:
    """A feature group. ``answer`` is what the API said, in SageMaker's words.

    ``online`` and ``offline`` are SageMaker's configurations of the stores the group has.
    """

    name: str
    arn: str
    status: str
    record_identifier: str
    event_time: str
    features: tuple[FeatureDefinition, ...]
    online: Mapping[str, Any] | None
    offline: Mapping[str, Any] | None
    description: str | None
    created: datetime
    failure_reason: str | None
    update_status: str | None
    answer: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> GroupDescription:
        """The group in an answer of DescribeFeatureGroup, or in a result of Search."""
        return cls(
            name=answer["FeatureGroupName"],
            arn=answer["FeatureGroupArn"],
            status=answer["FeatureGroupStatus"],
            record_identifier=answer["RecordIdentifierFeatureName"],
            event_time=answer["EventTimeFeatureName"],
            features=feature_definitions(answer["FeatureDefinitions"]),
            online=answer.get("OnlineStoreConfig"),
            offline=answer.get("OfflineStoreConfig"),
            description=answer.get("Description"),
            created=answer["CreationTime"],
            failure_reason=answer.get("FailureReason"),
            update_status=(answer.get("LastUpdateStatus") or {}).get("Status"),
            answer=answer,
        )

    @property
    def is_settled(self) -> bool:
        """Whether neither its creation, its deletion nor an update is under way."""
        return self.status not in _BUSY and self.update_status != "InProgress"

    @property
    def table(self) -> str | None:
        """The offline table as SQL on Athena names it; ``None`` without one."""
        catalog = (self.offline or {}).get("DataCatalogConfig")
        return f'"{catalog["Database"]}"."{catalog["TableName"]}"' if catalog else None

    def _repr_html_(self) -> str:
        about = facts(
            f"Feature group {self.name}",
            {
                "Status": self.status,
                "Reason": self.failure_reason,
                "Description": self.description,
                "Record identifier": self.record_identifier,
                "Event time": self.event_time,
                "Online": self.online and self.online.get("StorageType", "Standard"),
                "Offline": self.offline and self.offline.get("TableFormat", "Iceberg"),
                "Table": self.table,
                "Created": self.created,
            },
        )
        rows = [(each.name, each.type.value, _collection(each)) for each in self.features]
        return about + table("Features", ("Feature", "Type", "Collection"), rows)


class GroupList(list[GroupDescription]):
    """Feature groups, found or listed."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        rows = [
            (each.name, each.status, len(each.features), _stores(each), each.description)
            for each in self
        ]
        columns = ("Name", "Status", "Features", "Stores", "Description")
        return table(f"{len(self):,} feature groups", columns, rows)


def group_list(answers: Iterable[Mapping[str, Any]]) -> GroupList:
    """The groups of the answers."""
    return GroupList(map(GroupDescription.of, answers))


def _stores(group: GroupDescription) -> str:
    stores = {"online": group.online, "offline": group.offline}
    return ", ".join(name for name, there in stores.items() if there)


def _collection(feature: FeatureDefinition) -> str | None:
    if feature.collection is None:
        return None
    length = "" if feature.dimension is None else f" of {feature.dimension}"
    return f"{feature.collection.value}{length}"
