"""Feature groups from Python: the operations of the control plane, asked of the platform's API.

So the caller's IAM rights on the API and the groups' grants apply. The words are SageMaker's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from larder.client.api_errors import larder_errors
from larder.client.feature_types import feature_definitions
from larder.client.group_description import GroupDescription, GroupList, group_list
from larder.client.group_requests import (
    Store,
    definition_members,
    offline_config,
    online_config,
    pairs,
    ttl_members,
)
from larder.errors import LarderError, ResourceNotFound
from larder.groups.api.answers import present
from larder.wiring.groups import GroupsApi

Filter = tuple[str, str, str]
"""Name, operator and value of a filter of Search: ``("Tags.team", "Equals", "risk")``."""
_POLL_SECONDS = (0.2, 5.0)
_KEEP = timedelta(0)
"""The default of a time to live that is not to change; no record could live so short."""


class GroupNotReady(LarderError):
    """A feature group ended in a failure, or was not ready in the time given."""


class GroupsClient:
    """A platform's feature groups.

    Methods raise ``ResourceNotFound``, ``ResourceInUse``, ``ResourceLimitExceeded``,
    ``ValidationError``, ``AccessForbidden``, ``ThrottlingException`` or ``ServiceUnavailable``, as
    the API answers. ``name`` is a group's name or ARN. The arguments of ``create``:

    Args:
        features: a frame, whose dtypes become feature types; or types by name; or a list of
            SageMaker's FeatureDefinitions.
        online: whether there is an online store; or its storage type, ``Standard``,
            ``Standard_V2`` or ``InMemory``; or SageMaker's OnlineStoreConfig.
        offline: whether there is an offline store; or its table format, ``Iceberg`` or ``Glue``;
            or SageMaker's OfflineStoreConfig.
        ttl: how long after its event time a record lives in the online store.
        role_arn: SageMaker asks for one where there is an offline store. Larder keeps it and never
            assumes it, so by default it names a role that need not exist.
        wait: whether to wait until the group takes records. ``GroupNotReady`` is raised where its
            creation failed, with the reason.
    """

    def __init__(
        self,
        api: GroupsApi,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._client = api.client
        self._clock = clock
        self._sleep = sleep

    def create(  # noqa: PLR0913 - keywords, as CreateFeatureGroup has members
        self,
        name: str,
        features: Any,  # noqa: ANN401 - a frame of any library, a mapping or a list
        *,
        record_identifier: str,
        event_time: str,
        online: Store = True,
        offline: Store = True,
        ttl: timedelta | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        role_arn: str | None = None,
        wait: bool = True,
    ) -> GroupDescription:
        """Create a feature group; the arguments are described above."""
        members = {
            "FeatureGroupName": name,
            "RecordIdentifierFeatureName": record_identifier,
            "EventTimeFeatureName": event_time,
            "FeatureDefinitions": definition_members(feature_definitions(features)),
            "OnlineStoreConfig": online_config(online, ttl),
            "OfflineStoreConfig": offline_config(offline, self._api.s3_uri),
            "RoleArn": role_arn or (self._api.role_arn if offline else None),
            "Description": description,
            "Tags": pairs(tags),
        }
        with larder_errors():
            self._client.create_feature_group(**present(members))
        return self.wait(name) if wait else self.describe(name)

    def describe(self, name: str) -> GroupDescription:
        """A feature group with all its features."""
        with larder_errors():
            answer = self._client.describe_feature_group(FeatureGroupName=name)
            definitions = list(answer["FeatureDefinitions"])
            while token := answer.get("NextToken"):
                answer = self._client.describe_feature_group(FeatureGroupName=name, NextToken=token)
                definitions += answer["FeatureDefinitions"]
        return GroupDescription.of({**answer, "FeatureDefinitions": definitions})

    def search(
        self, *filters: Filter, operator: str = "And", sort_by: str | None = None
    ) -> GroupList:
        """The feature groups that fit all the filters, or with ``operator="Or"`` one of them.

        A filter is a name, an operator and a value, as Search has them:
        ``search(("FeatureGroupName", "Contains", "cust"), ("Tags.team", "Equals", "risk"))``.
        """
        found = self._search("FeatureGroup", filters, operator, sort_by)
        return group_list(each["FeatureGroup"] for each in found)

    def search_features(self, *filters: Filter, operator: str = "And") -> list[dict[str, Any]]:
        """Features of all groups that fit the filters, as SageMaker's FeatureMetadata."""
        found = self._search("FeatureMetadata", filters, operator, None)
        return [each["FeatureMetadata"] for each in found]

    def list(self, *, name_contains: str | None = None, status: str | None = None) -> GroupList:
        """The feature groups that the caller may see, the newest first."""
        filters = [
            ("FeatureGroupName", "Contains", name_contains),
            ("FeatureGroupStatus", "Equals", status),
        ]
        given = [(name, operator, value) for name, operator, value in filters if value is not None]
        return self.search(*given, sort_by="CreationTime")

    def update(
        self,
        name: str,
        *,
        add_features: Any = None,  # noqa: ANN401 - as features of create
        ttl: timedelta | None = _KEEP,
        storage_type: str | None = None,
        wait: bool = True,
    ) -> GroupDescription:
        """Add features, change the time to live (``None`` removes it), or the storage type.

        Raises:
            GroupNotReady: the change failed, and why.
        """
        if add_features is not None:
            additions = definition_members(feature_definitions(add_features))
            self._update(name, FeatureAdditions=additions)
            if ttl is not _KEEP or storage_type is not None:
                self.wait(name)
        online: dict[str, Any] = {} if ttl is _KEEP else {"TtlDuration": ttl_members(ttl) or {}}
        if storage_type is not None:
            online["StorageType"] = storage_type
        if online:
            self._update(name, OnlineStoreConfig=online)
        return self.wait(name) if wait else self.describe(name)

    def delete(self, name: str, *, wait: bool = True) -> None:
        """Delete a feature group and its online records; its history stays in S3."""
        with larder_errors():
            self._client.delete_feature_group(FeatureGroupName=name)
        if wait:
            with suppress(ResourceNotFound):
                self.wait(name)

    def wait(self, name: str, *, timeout: float = 300.0) -> GroupDescription:
        """Wait until no creation, update or deletion is under way, for ``timeout`` seconds.

        Raises:
            GroupNotReady: it failed, or it takes longer.
            ResourceNotFound: there is no such group, or its deletion is done.
        """
        deadline, pause = self._clock() + timeout, _POLL_SECONDS[0]
        while not (found := self.describe(name)).is_settled:
            if self._clock() > deadline:
                raise GroupNotReady(
                    f"FeatureGroup {found.name} is still {found.status} after {timeout:g} seconds; "
                    "wait again, or look at the platform's lifecycle function."
                )
            self._sleep(pause)
            pause = min(pause * 1.5, _POLL_SECONDS[1])
        reason = found.failure_reason or found.answer.get("LastUpdateStatus", {}).get(
            "FailureReason"
        )
        if found.status.endswith("Failed") or found.update_status == "Failed":
            raise GroupNotReady(f"FeatureGroup {found.name} is {found.status}: {reason}")
        return found

    def tags(self, name: str) -> dict[str, str]:
        """The group's tags; those of the prefix ``larder:`` are grants and removed features."""
        arn = self.describe(name).arn
        with larder_errors():
            pages = self._client.get_paginator("list_tags").paginate(ResourceArn=arn)
            return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Set tags; others stay as they are."""
        arn = self.describe(name).arn
        with larder_errors():
            self._client.add_tags(ResourceArn=arn, Tags=pairs(tags) or [])

    def untag(self, name: str, keys: Iterable[str]) -> None:
        """Remove tags."""
        arn = self.describe(name).arn
        with larder_errors():
            self._client.delete_tags(ResourceArn=arn, TagKeys=[*keys])

    def describe_feature(self, name: str, feature: str) -> dict[str, Any]:
        """Description, parameters and times of a feature, as DescribeFeatureMetadata answers."""
        with larder_errors():
            answer: dict[str, Any] = self._client.describe_feature_metadata(
                FeatureGroupName=name, FeatureName=feature
            )
        return {member: value for member, value in answer.items() if member != "ResponseMetadata"}

    def update_feature(
        self,
        name: str,
        feature: str,
        *,
        description: str | None = None,
        parameters: Mapping[str, str] | None = None,
        remove_parameters: Iterable[str] = (),
    ) -> None:
        """Change what is written about a feature; other parameters stay as they are."""
        members = {
            "FeatureGroupName": name,
            "FeatureName": feature,
            "Description": description,
            "ParameterAdditions": pairs(parameters),
            "ParameterRemovals": [*remove_parameters] or None,
        }
        with larder_errors():
            self._client.update_feature_metadata(**present(members))

    def _update(self, name: str, **change: Any) -> None:  # noqa: ANN401 - SageMaker's members
        with larder_errors():
            self._client.update_feature_group(FeatureGroupName=name, **change)

    def _search(
        self, resource: str, filters: Iterable[Filter], operator: str, sort_by: str | None
    ) -> Iterable[dict[str, Any]]:
        given = [dict(zip(("Name", "Operator", "Value"), each, strict=True)) for each in filters]
        members = {
            "Resource": resource,
            "SearchExpression": {"Filters": given, "Operator": operator} if given else None,
            "SortBy": sort_by,
        }
        with larder_errors():
            pages = self._client.get_paginator("search").paginate(**present(members))
            return [each for page in pages for each in page["Results"]]
