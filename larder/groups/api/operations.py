"""The control plane's operations on feature groups, as SageMaker's model has them."""

from __future__ import annotations

from dataclasses import dataclass

from larder.errors import ValidationError
from larder.groups.api import requests as read
from larder.groups.api.answers import described, present, summarized
from larder.groups.listing import Ask, Criteria, GroupOrder, Order
from larder.groups.manage import FeatureGroups
from larder.groups.update import GroupUpdates
from larder.wire.json_rpc import Answer, Members, Operation

_KINDS_OF_CHANGE = ("FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig")
_PAGE_SIZE = 100
_ORDERS = {
    "Name": GroupOrder.NAME,
    "FeatureGroupStatus": GroupOrder.STATUS,
    "OfflineStoreStatus": GroupOrder.OFFLINE_STATUS,
    "CreationTime": GroupOrder.CREATED,
}


def feature_group_operations(groups: FeatureGroups) -> dict[str, Operation]:
    """The five operations on feature groups themselves."""
    operations = _FeatureGroupOperations(groups)
    return {
        "CreateFeatureGroup": operations.create,
        "DescribeFeatureGroup": operations.describe,
        "UpdateFeatureGroup": operations.update,
        "DeleteFeatureGroup": operations.delete,
        "ListFeatureGroups": operations.list_groups,
    }


@dataclass(frozen=True, slots=True)
class _FeatureGroupOperations:
    groups: FeatureGroups

    def create(self, members: Members) -> Answer:
        return {"FeatureGroupArn": self.groups.create(read.group_spec(members)).arn}

    def describe(self, members: Members) -> Answer:
        return described(self.groups.get(members["FeatureGroupName"]))

    def update(self, members: Members) -> Answer:
        name = members["FeatureGroupName"]
        kind = _kind_of_change(members)
        config = members[kind]
        updates = GroupUpdates(self.groups)
        match kind:
            case "FeatureAdditions":
                group = updates.add_features(name, read.feature_definitions(config))
            case "OnlineStoreConfig":
                group = updates.change_online_store(name, read.online_change(config))
            case _:
                group = updates.change_throughput(name, read.throughput(config))
        return {"FeatureGroupArn": group.arn}

    def delete(self, members: Members) -> Answer:
        self.groups.delete(members["FeatureGroupName"])
        return None

    def list_groups(self, members: Members) -> Answer:
        sort_by = members.get("SortBy", "CreationTime")
        order = Order(
            name=sort_by, descending=members.get("SortOrder", "Descending") == "Descending"
        )
        criteria = Criteria(
            name_contains=members.get("NameContains"),
            status=members.get("FeatureGroupStatusEquals"),
            offline_status=members.get("OfflineStoreStatusEquals"),
            created_after=members.get("CreationTimeAfter"),
            created_before=members.get("CreationTimeBefore"),
        )
        by = _ORDERS[sort_by]
        ask = Ask(
            order=order,
            size=members.get("MaxResults", _PAGE_SIZE),
            token=members.get("NextToken"),
        )
        page = self.groups.page(
            by, ask, criteria.admits, named=criteria.named, bounds=criteria.bounds(by)
        )
        summaries = [summarized(group) for group in page.entries]
        return present({"FeatureGroupSummaries": summaries, "NextToken": page.next_token})


def _kind_of_change(members: Members) -> str:
    given = [kind for kind in _KINDS_OF_CHANGE if kind in members]
    if len(given) != 1:
        raise ValidationError(
            f"UpdateFeatureGroup makes one kind of change: give one of "
            f"{', '.join(_KINDS_OF_CHANGE)}, not {' and '.join(given) or 'none of them'}."
        )
    config = members[given[0]]
    if isinstance(config, dict) and all(value is None for value in config.values()):
        raise ValidationError(f"{given[0]} changes nothing: give one of its members.")
    return given[0]
