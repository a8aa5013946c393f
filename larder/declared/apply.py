"""Feature groups as code: what definition files ask for, brought about.

All of it is checked before any of it is done. What exists already, and more than is asked for, is
left as it is. So the definitions of an earlier deployment can be applied again (CloudFormation
does, when it rolls back). A group whose file is gone is kept; the API may change it from then on.

Rights are no such surplus where a file takes over a group that the API made: its maker keeps none
by it. Grants that the API adds to a declared group stay, and are reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from larder.access.grants import Grants
from larder.declared.differences import differences
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus, StorageType, UpdateStatus
from larder.groups.manage import FeatureGroups
from larder.groups.metadata import FeatureCatalog, MetadataChange, Parameters
from larder.groups.readers import read_problem
from larder.groups.reserved_tags import as_tags, is_grant, removed_by, without_grants
from larder.groups.spec import GroupSpec, OnlineChange
from larder.groups.tag import GroupTags
from larder.groups.update import GroupUpdates


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """What a definition says about one feature."""

    feature: str
    description: str | None = None
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A group that ``file`` defines; ``removes_ttl`` where it says there shall be none."""

    file: str
    spec: GroupSpec
    notes: tuple[FeatureNote, ...] = ()
    removes_ttl: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredGroups:
    """Applies definitions to the groups of a platform.

    ``began`` is when this application began, in microseconds since the epoch, where it takes
    several calls of ``apply``: then only a group whose creation failed before is made again.
    """

    groups: FeatureGroups
    catalog: FeatureCatalog
    began: int | None = None

    def apply(self, definitions: Sequence[Definition]) -> list[str]:
        """Create and extend groups until they have everything that is defined.

        A group whose creation failed is created again. A group that the API made is taken over,
        and its tags that grant rights are dropped. Returned is a sentence on each group with rights
        that its file does not give: those that were dropped, and those that tags give still.

        Raises:
            ValidationError: a definition contradicts itself, the platform, or the group that is
                there; every contradiction is named and nothing was changed.
            ResourceLimitExceeded: there would be too many groups; nothing was changed.
            ResourceInUse: a group is busy with another change.
        """
        stored = {each.spec.name: self._stored(each) for each in definitions}
        refusals = [text for each in definitions for text in self._refusals(each, stored)]
        if refusals:
            raise ValidationError("Nothing was changed. " + " ".join(refusals))
        self.groups.check_room(sum(1 for group in stored.values() if group is None))
        notes = [text for each in definitions for text in self._bring_about(each)]
        self._release({each.spec.name for each in definitions})
        return notes

    def unsettled(self, definitions: Sequence[Definition]) -> list[str]:
        """Names of the groups whose creation or update is still under way."""
        groups = [self.groups.registry.get(each.spec.name) for each in definitions]
        return [group.name for group in groups if group is not None and _is_moving(group)]

    def not_created(self, definitions: Sequence[Definition]) -> list[str]:
        """A sentence on each group whose creation failed since this application began."""
        groups = [self.groups.registry.get(each.spec.name) for each in definitions]
        failed = [
            group
            for group in groups
            if group is not None
            and group.status is FeatureGroupStatus.CREATE_FAILED
            and not self._to_make_again(group)
        ]
        return [text for group in failed for text in _failure(group)]

    def failures(self, definitions: Sequence[Definition]) -> list[str]:
        """A sentence on each group that did not become what is defined."""
        groups = [self.groups.registry.get(each.spec.name) for each in definitions]
        return [text for group in groups if group is not None for text in _failure(group)]

    def _stored(self, definition: Definition) -> FeatureGroup | None:
        """The group that exists; one that is to be made again does not."""
        group = self.groups.registry.get(definition.spec.name)
        return None if group is not None and self._to_make_again(group) else group

    def _to_make_again(self, group: FeatureGroup) -> bool:
        failed = group.status is FeatureGroupStatus.CREATE_FAILED
        return failed and (self.began is None or group.creation_time < self.began)

    def _refusals(
        self, definition: Definition, stored: dict[str, FeatureGroup | None]
    ) -> Iterator[str]:
        spec = definition.spec
        head = f"{definition.file}: feature group {spec.name}:"
        for problem in self.groups.problems(spec, declared=True):
            yield f"{head} {problem}."
        group = stored[spec.name]
        if group is not None:
            for text in differences(spec, group):
                yield f"{head} {text}"
            gone = removed_by(spec.tags) - group.removed
            if gone and (read := read_problem(self.groups.readers, group, "removed", gone)):
                yield f"{head} {read}"

    def _bring_about(self, definition: Definition) -> list[str]:
        spec = definition.spec
        there = self.groups.registry.get(spec.name)
        if there is not None and self._to_make_again(there):
            self.groups.registry.remove(there)
            there = None
        if there is None:
            there, notes = self.groups.create(spec, declared_in=definition.file), []
        else:
            notes = _other_rights(there, definition)
            self._extend(there, definition)
        GroupTags(self.groups).add(there.arn, spec.tags)
        for note in definition.notes:
            change = MetadataChange(note.description, note.parameters)
            self.catalog.update(spec.name, note.feature, change)
        return notes

    def _extend(self, group: FeatureGroup, definition: Definition) -> None:
        spec, updates = definition.spec, GroupUpdates(self.groups, declared=True)
        self._adopt(group.name, definition)
        online = _online_change(group, definition)
        if online != OnlineChange():
            updates.change_online_store(group.name, online)
        new = tuple(each for each in spec.features if each.name not in group.ordinals)
        if new:
            updates.add_features(group.name, new)

    def _adopt(self, name: str, definition: Definition) -> None:
        """Mark the group as this file's and give it the file's description and grants.

        A group that no file declared yet loses what its tags granted.
        """

        def adopt(group: FeatureGroup) -> FeatureGroup:
            description = definition.spec.description
            if description is None:
                description = group.description
            adopted = replace(
                group,
                declared_in=definition.file,
                description=description,
                grants=definition.spec.grants,
                tags=group.tags if group.declared_in else without_grants(group.tags),
            )
            return group if adopted == group else adopted

        self.groups.change(name, adopt)

    def _release(self, defined: set[str]) -> None:
        """Hand groups whose file is gone over to the API, which changes grants by tags."""
        for group in list(self.groups.registry.list()):
            if group.declared_in is not None and group.name not in defined:
                self.groups.change(group.name, _released)


def _other_rights(group: FeatureGroup, definition: Definition) -> list[str]:
    """A sentence on the rights that a group's tags give beside its file, if there are any."""
    given = ", ".join(f"{key} ({value})" for key, value in group.tags if is_grant(key))
    if not given:
        return []
    head = f"{definition.file}: feature group {group.name}:"
    if group.declared_in is None:
        return [
            f"{head} it was made through the API. Rights that its tags gave are dropped: {given}. "
            "Write under grants in the file who shall have rights."
        ]
    return [f"{head} tags give rights that the file does not: {given}. DeleteTags takes them away."]


def _released(group: FeatureGroup) -> FeatureGroup:
    tags = dict(group.tags) | dict(as_tags(group.grants))
    return replace(group, declared_in=None, grants=Grants(), tags=tuple(tags.items()))


def _online_change(group: FeatureGroup, definition: Definition) -> OnlineChange:
    """What the online store lacks; Standard is a part of what Standard_V2 is."""
    wanted, there = definition.spec.online, group.online
    if wanted is None or there is None:
        return OnlineChange()
    v2 = StorageType.STANDARD_V2
    upgrade = wanted.storage_type is v2 and there.storage_type is not v2
    sets_ttl = wanted.ttl != there.ttl and (wanted.ttl is not None or definition.removes_ttl)
    return OnlineChange(sets_ttl, wanted.ttl if sets_ttl else None, v2 if upgrade else None)


def _is_moving(group: FeatureGroup) -> bool:
    return (
        group.status is FeatureGroupStatus.CREATING or group.last_update is UpdateStatus.IN_PROGRESS
    )


def _failure(group: FeatureGroup) -> Iterator[str]:
    if group.status is not FeatureGroupStatus.CREATED:
        reason = group.failure_reason or "no reason is known"
        yield f"Feature group {group.name} is {group.status}: {reason}."
    elif group.last_update is UpdateStatus.FAILED:
        reason = group.last_update_failure or "no reason is known"
        yield f"The update of feature group {group.name} failed: {reason}."
