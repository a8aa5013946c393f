"""What can be done with groups of model packages: create, tag, move an alias, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from larder.access.grants import Right
from larder.errors import ConflictException, NewerFormat, ValidationError
from larder.models.manage_items import ManagedItems
from larder.models.package_items import PackageGroup, aliases_in
from larder.models.package_log import LogEntry, group_log
from larder.models.registry import ModelRegistry
from larder.models.registry_items import Sent, Tags
from larder.problems import Problem, refuse, shown
from larder.telemetry.newer import refuse as refuse_newer


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """A group that is asked for; ``sent`` is what a description shows again."""

    name: str
    sent: Sent = field(default_factory=dict)
    tags: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageGroups:
    """The groups of a platform, for a caller; as ``Packages``."""

    items: ManagedItems[PackageGroup]
    registry: ModelRegistry
    clock: Callable[[], int]
    new_uid: Callable[[], str]

    def create(self, spec: GroupSpec) -> PackageGroup:
        """Make a group without versions.

        Raises:
            ValidationError: the name is taken, or a tag is refused.
            AccessForbidden: the caller may not create groups.
        """
        self.items.check_new(spec.name, spec.tags)
        self.check_aliases(spec.name, spec.tags)
        by, now = self.items.journal.by, self.clock()
        group = PackageGroup(
            name=spec.name,
            uid=self.new_uid(),
            created=now,
            tags=(),
            sent=spec.sent,
            created_by=by,
            changed=now,
            changed_by=by,
        )
        return self.items.create(group.with_tags(spec.tags))

    def delete(self, name: str) -> PackageGroup:
        """Remove a group without versions.

        Raises:
            ValidationError: it does not exist.
            ConflictException: it has versions.
            NewerFormat: it has a version that a newer release wrote.
        """
        group = self.items.change(name, lambda now: replace(now, deleting=True))
        try:
            found = next(self.registry.packages.list(f"{group.name}/", refuse_newer), None)
        except NewerFormat:
            self.items.change(name, lambda now: replace(now, deleting=False))
            raise
        if found is None:
            return self.items.delete(name)
        self.items.change(name, lambda now: replace(now, deleting=False))
        raise ConflictException(
            f"ModelPackageGroup {self.items.arn(group.name)} has versions, such as "
            f"{found.version}: delete them first."
        )

    def set_policy(self, name: str, policy: str | None) -> PackageGroup:
        """Store a resource policy, or remove it; it grants nothing."""
        return self.items.change(name, lambda now: replace(now, policy=policy))

    def policy(self, name: str) -> str:
        """The stored policy.

        Raises:
            ValidationError: the group does not exist, or has none.
        """
        group = self.items.get(name)
        if group.policy is None:
            raise ValidationError(
                f"ModelPackageGroup {self.items.arn(group.name)} has no resource policy: put one "
                "by PutModelPackageGroupPolicy."
            )
        return group.policy

    def check_aliases(self, name: str, tags: Tags) -> None:
        """Nothing where the aliases in tags are of versions that the group has.

        Raises:
            ValidationError: a version does not exist.
        """
        refuse(
            Problem(
                ("Tags",),
                f"Member must name a version of {name}, for the alias {alias}",
                shown(found.version),
            )
            for alias, found in aliases_in(tags).items()
            if self.registry.packages.get(f"{name}/{found.version}") is None
        )

    def log(self, name: str, until: int | None = None) -> tuple[LogEntry, ...]:
        """The log of a group and its versions up to an instant; of a deleted group too.

        Raises:
            AccessForbidden: the caller may not see the group.
        """
        group = self.items.items.get(name)
        self.items.access.check(Right.SEE, name, group, kind=self.items.items.kind.words)
        return tuple(self.registry.log.read(group_log(name), until))
