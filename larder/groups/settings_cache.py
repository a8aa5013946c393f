"""Feature groups as the data plane knows them: read from the registry, reused for seconds.

An entry is never used beyond its lifetime, and a group stays ``Deleting`` for at least twice that
long. So no endpoint writes to a group that is being purged. A group that is not found is asked for
every time: a put right after ``Created`` never fails, where SageMaker's sometimes does
(aws/sagemaker-python-sdk#2606).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from larder.access.grants import Right
from larder.access.rules import UNRESTRICTED, Access
from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus
from larder.groups.names import Home


class GroupLookup(Protocol):
    """What the data plane needs of the registry. Reads are strongly consistent."""

    def get(self, name: str) -> FeatureGroup | None:
        """See ``Registry.get``."""


@dataclass(slots=True)
class GroupSettings:
    """Groups by name or ARN, cached for ``lifetime`` seconds of ``clock``.

    Given are those on which ``access`` has ``right``; the platform's own functions have any.
    """

    registry: GroupLookup
    home: Home
    lifetime: float
    clock: Callable[[], float] = monotonic
    access: Access = UNRESTRICTED
    right: Right = Right.SEE
    _entries: dict[str, tuple[float, FeatureGroup]] = field(default_factory=dict)

    def of_caller(self, access: Access, right: Right) -> GroupSettings:
        """These groups, with the same cache, for a caller who needs a right."""
        return GroupSettings(
            self.registry, self.home, self.lifetime, self.clock, access, right, self._entries
        )

    def get(self, name_or_arn: str) -> FeatureGroup:
        """The group, ready for records.

        Raises:
            ValidationError: the name is malformed, of another account, or the group is not ready.
            ResourceNotFound: there is no such group, or it is being deleted.
            AccessForbidden: the caller has not the right on it.
        """
        name = self.home.group_name(name_or_arn)
        entry = self._entries.get(name)
        if entry is not None and self.clock() < entry[0]:
            self.access.check(self.right, name, entry[1])
            return entry[1]
        return self.refresh(name)

    def refresh(self, name: str) -> FeatureGroup:
        """The group as the registry has it now, whatever is cached; raises as ``get`` does."""
        until = self.clock() + self.lifetime
        group = self.registry.get(name)
        self._entries.pop(name, None)
        if group is not None and group.status is FeatureGroupStatus.CREATED:
            self._entries[name] = (until, group)
        self.access.check(self.right, name, group)
        if group is None or group.status is FeatureGroupStatus.DELETING:
            raise ResourceNotFound(
                f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}. "
                f"Check the name, or create the group first."
            )
        if group.status is not FeatureGroupStatus.CREATED:
            raise ValidationError(
                f"FeatureGroup {name} is in status {group.status}: it takes records once "
                f"DescribeFeatureGroup says Created."
            )
        return group
