"""The operations of both planes, and the right that each needs on a feature group.

This is the one table of them, for what is printed of rights: ``larder access policy``
writes IAM's statements from it. The planes themselves ask in their use cases;
``tests/handlers/test_access_matrix.py`` holds them to the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from larder.access.grants import Right


@dataclass(frozen=True, slots=True)
class RecordOperation:
    """An operation of the data plane: its right, and where IAM sees it.

    In ``path`` ``{group}`` is the group's name or its ARN. A batch names its groups in the body,
    which IAM does not read.
    """

    right: Right
    method: str
    path: str

    @property
    def names_its_group(self) -> bool:
        """Whether the group is in the path."""
        return "{group}" in self.path


_GROUP: Final = "/FeatureGroup/{group}"
DATA_PLANE: Final[Mapping[str, RecordOperation]] = {
    "GetRecord": RecordOperation(Right.READ, "GET", _GROUP),
    "ListRecords": RecordOperation(Right.READ, "POST", f"{_GROUP}/ListRecords"),
    "BatchGetRecord": RecordOperation(Right.READ, "POST", "/BatchGetRecord"),
    "PutRecord": RecordOperation(Right.WRITE, "PUT", _GROUP),
    "UpdateRecord": RecordOperation(Right.WRITE, "POST", f"{_GROUP}/Record"),
    "DeleteRecord": RecordOperation(Right.WRITE, "DELETE", _GROUP),
    "BatchWriteRecord": RecordOperation(Right.WRITE, "POST", "/BatchWriteRecord"),
}
"""By name, the data plane's operations."""

CONTROL_PLANE: Final[Mapping[str, Right | None]] = {
    "CreateFeatureGroup": None,
    "DescribeFeatureGroup": Right.SEE,
    "DescribeFeatureMetadata": Right.SEE,
    "ListTags": Right.SEE,
    "ListFeatureGroups": Right.SEE,
    "Search": Right.SEE,
    "UpdateFeatureGroup": Right.ADMIN,
    "DeleteFeatureGroup": Right.ADMIN,
    "UpdateFeatureMetadata": Right.ADMIN,
    "AddTags": Right.ADMIN,
    "DeleteTags": Right.ADMIN,
}
"""By name, the right that the control plane's operations need; ``None`` is no group's right.

Creating is for administrators and a stage's creators. A listing shows the groups that may be seen.
"""
