"""What can be done with feature groups: create, describe, change and delete them.

A change is written to the registry; what it takes beyond that (an offline table made or widened,
records purged) is the lifecycle function's work. That function then moves the status on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from larder.access.grants import Right
from larder.access.rules import UNRESTRICTED, Access
from larder.errors import (
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ValidationError,
)
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus
from larder.groups.group_rules import group_problems
from larder.groups.listing import (
    EVERY_PLACE,
    Ask,
    Bounds,
    GroupOrder,
    Named,
    Page,
    Total,
    any_name,
    take,
)
from larder.groups.platform_rules import Platform
from larder.groups.ports import Registry
from larder.groups.readers import NO_READERS, Readers, refuse_read
from larder.groups.spec import GroupSpec
from larder.groups.taken_name import name_is_taken
from larder.problems import Problem, refuse

Change = Callable[[FeatureGroup], FeatureGroup]
_TRIES = 5


@dataclass(frozen=True, slots=True)
class FeatureGroups:
    """The feature groups of one platform.

    ``clock`` gives microseconds since the epoch; ``new_uid`` a text that was never given before.
    ``readers`` are the models that endpoints serve; what they read is not taken from them.
    ``access`` is the caller's; every method raises ``AccessForbidden`` where it is lacking.
    """

    registry: Registry
    platform: Platform
    clock: Callable[[], int]
    new_uid: Callable[[], str]
    access: Access = UNRESTRICTED
    readers: Readers = NO_READERS

    def create(self, spec: GroupSpec, *, declared_in: str | None = None) -> FeatureGroup:
        """Register a group. One without an offline store is ``Created`` at once.

        A group that is declared in a file needs no role: nothing ever assumes it.

        Raises:
            AccessForbidden: the caller may not create groups.
            ValidationError: the group contradicts itself or the platform, or its creator could not
                administer it.
            ResourceInUse: the name is taken.
            ResourceLimitExceeded: the account has as many groups as it may.
        """
        self.access.check_create()
        refuse(self.problems(spec, declared=declared_in is not None))
        _refuse_taken(self.registry.get(spec.name))
        self.check_room(1)
        group = self._new_group(spec, declared_in)
        self.access.check_hold(group)
        self.registry.create(group)
        return group

    def problems(self, spec: GroupSpec, *, declared: bool = False) -> Iterator[Problem]:
        """All reasons to refuse a group that is asked for, except that its name is taken."""
        yield from group_problems(spec)
        yield from self.platform.problems(spec)
        if spec.offline is not None and spec.role_arn is None and not declared:
            text = "Member must not be null where an OfflineStoreConfig is given"
            yield Problem(("RoleArn",), text, "null")

    def check_room(self, more: int) -> None:
        """Raise ``ResourceLimitExceeded`` where so many more groups are beyond the quota."""
        count = self.registry.count()
        if more and count + more > self.platform.max_groups:
            raise ResourceLimitExceeded(
                f"The account limit of {self.platform.max_groups} feature groups is reached: "
                f"there are {count}. Delete a group that is not needed, or raise the limit in "
                "the stage's configuration."
            )

    def get(self, name_or_arn: str, right: Right = Right.SEE) -> FeatureGroup:
        """The group as it is now, in whatever status; ``right`` is what the caller needs on it.

        Raises:
            ResourceNotFound: it does not exist.
            ValidationError: the name is malformed or of another account or region.
        """
        name = self.platform.home.group_name(name_or_arn)
        group = self.registry.get(name)
        self.access.check(right, name, group)
        if group is None:
            raise ResourceNotFound(
                f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}. "
                "ListFeatureGroups names those there are."
            )
        return group

    def page(
        self,
        by: GroupOrder,
        ask: Ask,
        admits: Callable[[FeatureGroup], bool],
        *,
        named: Named = any_name,
        bounds: Bounds = EVERY_PLACE,
    ) -> Page[FeatureGroup]:
        """A page of the admitted groups that the caller may see.

        All of them are ``named`` and lie within ``bounds``, so that others need not be read.

        Raises:
            ValidationError: the token is not one of this order.
        """
        position, descending = ask.position(), ask.order.descending
        entries = self.registry.walk(
            by,
            descending=descending,
            after=position.after,
            bounds=bounds,
            named=named,
            batch=ask.size + 2,  # the place to go on after, the page, and whether there is more
        )
        return take(entries, lambda group: self.sees(group) and admits(group), ask, position)

    def total(self) -> Total:
        """How many groups there are, where the caller sees all; otherwise nothing is known."""
        if not self.access.is_unrestricted:
            return Total()
        return Total(self.registry.count(), exact=True)

    def sees(self, group: FeatureGroup) -> bool:
        """Whether the caller may see a group."""
        return self.access.may(Right.SEE, group)

    def list(self) -> Iterator[FeatureGroup]:
        """The groups that the caller may see, by name; recent changes may not show yet."""
        return (group for group in self.registry.list() if self.sees(group))

    def delete(self, name_or_arn: str) -> FeatureGroup:
        """Begin to delete a group: no record is served any more, its offline data stay.

        Deleting a group that is being deleted changes nothing.

        Raises:
            ResourceNotFound: it does not exist.
            ValidationError: the group is defined as code.
            ResourceInUse: a model that an endpoint serves reads it.
        """

        def begin(group: FeatureGroup) -> FeatureGroup:
            if group.status is FeatureGroupStatus.DELETING:
                return group
            refuse_declared(group, "deleted")
            refuse_read(self.readers, group, "deleted")
            return replace(
                group, status=FeatureGroupStatus.DELETING, last_modified_time=self.clock()
            )

        return self.change(name_or_arn, begin)

    def change(self, name_or_arn: str, change: Change) -> FeatureGroup:
        """Store what ``change`` makes of a group; it is called again if another change came first.

        Raises:
            ValidationError: the caller could not administer the group any more.
            ResourceInUse: another change came first, five times in a row.
        """
        for attempt in range(1, _TRIES + 1):
            group = self.get(name_or_arn, Right.ADMIN)
            changed = change(group)
            if changed is group:
                return group
            self.access.check_hold(changed)
            try:
                return self.registry.replace(changed)
            except ResourceInUse:
                if attempt == _TRIES:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _new_group(self, spec: GroupSpec, declared_in: str | None) -> FeatureGroup:
        now = self.clock()
        offline = (
            self.platform.offline_store(spec.name, spec.offline, creation_time=now)
            if spec.offline
            else None
        )
        return FeatureGroup(
            name=spec.name,
            uid=self.new_uid(),
            arn=self.platform.home.arn(spec.name),
            record_identifier_name=spec.record_identifier_name,
            event_time_name=spec.event_time_name,
            features=spec.features,
            online=spec.online,
            offline=offline,
            creation_time=now,
            last_modified_time=now,
            status=FeatureGroupStatus.CREATING if offline else FeatureGroupStatus.CREATED,
            role_arn=spec.role_arn,
            description=spec.description,
            throughput=spec.throughput,
            tags=spec.tags,
            declared_in=declared_in,
            grants=spec.grants,
        )


def refuse_declared(group: FeatureGroup, deed: str) -> None:
    """Raise ``ValidationError`` where a group is defined as code: its file rules, not the API."""
    if group.declared_in is not None:
        raise ValidationError(
            f"FeatureGroup {group.name} is defined as code in {group.declared_in} and can't be "
            f"{deed} through the API: change that file and deploy. Removing the file and deploying "
            "keeps the group and its data, and hands it over to the API."
        )


def _refuse_taken(group: FeatureGroup | None) -> None:
    """Raise ``ResourceInUse`` where a group bears the name that a new one shall have."""
    if group is None:
        return
    if group.status is FeatureGroupStatus.DELETING:
        cure = "It is being deleted; the name is free once it is no longer described."
        raise name_is_taken(group.name, cure)
    raise name_is_taken(group.name)
