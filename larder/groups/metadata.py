"""What people write about a feature: a description and parameters.

It belongs to one life of a group. It is kept apart from the group's document, which it could
outgrow by far: 2,500 features with 25 parameters each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import ResourceInUse, ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureGroup
from larder.groups.listing import SEPARATOR, Bounds, moment
from larder.groups.manage import FeatureGroups
from larder.problems import Problem, refuse, shown

MAX_PARAMETERS = 25
_TRIES = 5
Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMetadata:
    """What is written about one feature of the group ``uid``.

    ``modified`` is microseconds since the epoch; ``revision`` counts changes, from 0 for none.
    """

    uid: str
    feature: str
    description: str | None = None
    parameters: Parameters = ()
    modified: int = 0
    revision: int = 0

    @property
    def place(self) -> str:
        """Its place in the order of changes."""
        return SEPARATOR.join((moment(self.modified), self.uid, self.feature))


class FeatureMetadataStore(Protocol):
    """Metadata by group uid and feature. Reads are strongly consistent, but ``list``'s."""

    def get(self, uid: str, feature: str) -> FeatureMetadata | None:
        """What is written; ``None`` for nothing."""

    def of_groups(self, uids: Collection[str]) -> Mapping[str, Mapping[str, FeatureMetadata]]:
        """By the uid of each of the groups, what is written by feature."""

    def walk(
        self, bounds: Bounds, *, descending: bool, batch: int = 100
    ) -> Iterator[tuple[str, FeatureMetadata]]:
        """What is written, with its place, in the order of changes and within ``bounds``.

        It is read as it is asked for: ``batch`` at first, 100 at a time from then on.
        """

    def replace(self, metadata: FeatureMetadata) -> None:
        """Store what replaces the revision before its own.

        Raises:
            ResourceInUse: another revision is stored.
        """

    def list(self) -> Iterator[FeatureMetadata]:
        """All that is written, of deleted groups too."""


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """A change: ``None`` keeps the description; parameters are added over those there are."""

    description: str | None = None
    additions: Parameters = ()
    removals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DescribedFeature:
    """A feature with its group, what is written about it, and when it came and changed."""

    group: FeatureGroup
    definition: FeatureDefinition
    metadata: FeatureMetadata
    creation_time: int
    last_modified_time: int


@dataclass(frozen=True, slots=True)
class FeatureCatalog:
    """Features and what is written about them; ``clock`` gives microseconds since the epoch."""

    groups: FeatureGroups
    store: FeatureMetadataStore
    clock: Callable[[], int]

    def of_caller(self, access: Access) -> FeatureCatalog:
        """The same for a caller: groups that may not be seen are not there."""
        return replace(self, groups=replace(self.groups, access=access))

    def describe(self, name_or_arn: str, feature: str) -> DescribedFeature:
        """One feature.

        Raises:
            ResourceNotFound: there is no such group, or no such feature in it.
        """
        group = self.groups.get(name_or_arn)
        return described(group, _definition(group, feature), self._metadata(group, feature))

    def update(self, name_or_arn: str, feature: str, change: MetadataChange) -> None:
        """Change what is written about a feature; a change of nothing does nothing.

        Raises:
            ResourceNotFound: there is no such group, or no such feature in it.
            ValidationError: the change contradicts itself, or leaves too many parameters.
            ResourceInUse: somebody was faster five times in a row.
        """
        refuse(_problems(change))
        group = self.groups.get(name_or_arn, Right.ADMIN)
        _definition(group, feature)
        for attempt in range(1, _TRIES + 1):
            metadata = self._metadata(group, feature)
            changed = _changed(metadata, change)
            if changed == metadata:
                return
            now, revision = self.clock(), metadata.revision + 1
            try:
                self.store.replace(replace(changed, modified=now, revision=revision))
            except ResourceInUse:
                if attempt == _TRIES:
                    raise
            else:
                return

    def list(self) -> Iterator[DescribedFeature]:
        """Every feature of every group that the caller may see; recent changes may not show yet."""
        written = {(each.uid, each.feature): each for each in self.store.list()}
        for group in self.groups.list():
            for definition in group.features:
                yield described(group, definition, written.get((group.uid, definition.name)))

    def _metadata(self, group: FeatureGroup, feature: str) -> FeatureMetadata:
        return self.store.get(group.uid, feature) or _nothing(group, feature)


def _nothing(group: FeatureGroup, feature: str) -> FeatureMetadata:
    return FeatureMetadata(uid=group.uid, feature=feature)


def _definition(group: FeatureGroup, feature: str) -> FeatureDefinition:
    ordinal = group.ordinals.get(feature)
    if ordinal is None:
        raise ResourceNotFound(
            f"Resource Not Found: FeatureGroup {group.name} has no feature {feature}. "
            "DescribeFeatureGroup names those it has."
        )
    return group.features[ordinal]


def described(
    group: FeatureGroup, definition: FeatureDefinition, metadata: FeatureMetadata | None
) -> DescribedFeature:
    """A feature with what is written about it, which may be nothing."""
    written = metadata or _nothing(group, definition.name)
    created = group.added(definition.name)
    return DescribedFeature(group, definition, written, created, max(created, written.modified))


def _problems(change: MetadataChange) -> Iterator[Problem]:
    seen = set(change.removals)
    for place, (key, _) in enumerate(change.additions):
        if key in seen:
            text = "Member must be given once, and not removed in the same request"
            yield Problem(("ParameterAdditions", place, "Key"), text, shown(key))
        seen.add(key)


def _changed(metadata: FeatureMetadata, change: MetadataChange) -> FeatureMetadata:
    parameters = dict(metadata.parameters)
    for key in change.removals:
        parameters.pop(key, None)
    parameters.update(change.additions)
    if len(parameters) > MAX_PARAMETERS:
        raise ValidationError(
            f"Feature {metadata.feature} would have {len(parameters)} parameters: "
            f"{MAX_PARAMETERS} are allowed. Remove some by ParameterRemovals."
        )
    return replace(
        metadata,
        description=metadata.description if change.description is None else change.description,
        parameters=tuple(parameters.items()),
    )
