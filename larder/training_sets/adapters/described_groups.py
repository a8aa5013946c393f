"""Feature groups as their tables of history, by SageMaker's own DescribeFeatureGroup."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import code_of, refusal
from larder.errors import ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.offline.feature_table import FeatureTable, no_history, no_table


@dataclass(frozen=True, slots=True)
class DescribedGroups:
    """Implements ``larder.training_sets.ports.GroupTables`` over the control plane's API.

    ``client`` is boto3's of ``sagemaker``.
    """

    client: Any

    def get(self, group: str) -> FeatureTable:
        try:
            answer: dict[str, Any] = dict(
                self.client.describe_feature_group(FeatureGroupName=group)
            )
        except ClientError as error:
            raise self._refusal(group, error) from error
        except BotoCoreError as error:
            raise refusal("the control plane did not answer", error) from error
        status = answer["FeatureGroupStatus"]
        if status != "Created":
            raise ValidationError(
                f"feature group {group} is {status}, not Created: its history can't be read"
            )
        return table_of(answer)

    def _refusal(self, group: str, error: ClientError) -> Exception:
        told = str(error.response.get("Error", {}).get("Message", ""))
        if code_of(error) == "ResourceNotFound":
            near = get_close_matches(group, self._names(), n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            return ValidationError(f"there is no feature group {group[:100]!r}{hint}")
        if code_of(error) == "ValidationException":
            return ValidationError(f"feature group {group[:100]!r}: {told}")
        return refusal(f"feature group {group} could not be described", error)

    def _names(self) -> list[str]:
        try:
            answer = self.client.list_feature_groups(MaxResults=100)
        except (ClientError, BotoCoreError):
            return []  # the hint is a courtesy; the answer without it is right too
        return [each["FeatureGroupName"] for each in answer["FeatureGroupSummaries"]]


def table_of(description: dict[str, Any]) -> FeatureTable:
    """The table in a DescribeFeatureGroup answer.

    Raises:
        ValidationError: the group has no offline table.
    """
    name = description["FeatureGroupName"]
    store = description.get("OfflineStoreConfig")
    catalog = store and store.get("DataCatalogConfig")
    if store is None:
        raise ValidationError(no_history(name))
    if catalog is None:
        raise ValidationError(no_table(name))
    features = tuple(map(_feature, description["FeatureDefinitions"]))
    by_name = {feature.name: feature for feature in features}
    return FeatureTable(
        group=name,
        created=round(description["CreationTime"].timestamp() * 1_000_000),
        database=catalog["Database"],
        table=catalog["TableName"],
        record_identifier=by_name[description["RecordIdentifierFeatureName"]],
        event_time=by_name[description["EventTimeFeatureName"]],
        features=features,
    )


def _feature(members: dict[str, Any]) -> FeatureDefinition:
    collection = members.get("CollectionType")
    vector = members.get("CollectionConfig", {}).get("VectorConfig", {})
    return FeatureDefinition(
        members["FeatureName"],
        FeatureType(members["FeatureType"]),
        CollectionType(collection) if collection else None,
        vector.get("Dimension"),
    )
