"""The event that says a feature group's status has changed.

SageMaker publishes ``SageMaker Feature Group State Change``. Its detail is like the answer of
DescribeFeatureGroup with times in milliseconds. Source: AWS, developer guide, "Automating Amazon
SageMaker with Amazon EventBridge". The event's source is ``larder``: from others than AWS,
EventBridge takes none that begins with ``aws.``.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from larder.groups.api.answers import described
from larder.groups.feature_group import FeatureGroup

SOURCE = "larder"
DETAIL_TYPE = "SageMaker Feature Group State Change"
_LONGEST_DETAIL = 240_000
"""EventBridge takes 256 KB for an event with its envelope (AWS, PutEvents)."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """An event: the ARN of the resource that it is about, its detail as JSON, and its type."""

    resource: str
    detail: str
    detail_type: str = DETAIL_TYPE


def state_change(group: FeatureGroup) -> StateChange:
    """The event that a group is in its status now.

    FeatureDefinitions are left out where the event would be too large with them.
    """
    members = described(group) | {
        "CreationTime": group.creation_time // 1000,
        "LastModifiedTime": group.last_modified_time // 1000,
    }
    detail = orjson.dumps(members)
    if len(detail) > _LONGEST_DETAIL:
        del members["FeatureDefinitions"]
        detail = orjson.dumps(members)
    return StateChange(group.arn, detail.decode())
