"""Features of all groups in an order, read as they are asked for.

A feature is as old as the creation of its group or the update that added it. It was changed when
that happened or when its metadata were last written. So features in the order of their changes are
two orders in one: those without metadata by the growth of their groups; the others by the time at
which their metadata were written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import TypeVar

from larder.groups.feature_group import FeatureGroup
from larder.groups.listing import (
    EVERY_PLACE,
    SEPARATOR,
    Ask,
    GroupOrder,
    Named,
    Page,
    any_name,
    moment,
    narrowed,
    take,
)
from larder.groups.metadata import DescribedFeature, FeatureCatalog, FeatureMetadata, described

T = TypeVar("T")
Placed = tuple[str, DescribedFeature]
_FIRST = 4
_THEN = 25


class FeatureOrder(StrEnum):
    """Orders in which features are listed."""

    GROUP_NAME = "group-name"
    CREATED = "created"
    MODIFIED = "modified"


@dataclass(frozen=True, slots=True)
class FeatureListing:
    """The features of a catalog's groups."""

    catalog: FeatureCatalog

    def page(
        self,
        by: FeatureOrder,
        ask: Ask,
        admits: Callable[[DescribedFeature], bool],
        *,
        named: Named = any_name,
    ) -> Page[DescribedFeature]:
        """A page of the admitted features of groups that the caller may see.

        All of those groups are ``named``, so that others need not be read.

        Raises:
            ValidationError: the token is not one of this order.
        """
        position, sees = ask.position(), self.catalog.groups.sees
        entries = self.walk(by, descending=ask.order.descending, after=position.after, named=named)
        return take(entries, lambda each: sees(each.group) and admits(each), ask, position)

    def walk(
        self,
        by: FeatureOrder,
        *,
        descending: bool = False,
        after: str | None = None,
        named: Named = any_name,
    ) -> Iterator[Placed]:
        """Features in an order, with their places, beyond ``after``.

        Groups that are not ``named`` are passed over, or not: it only saves reading them.
        """
        match by:
            case FeatureOrder.GROUP_NAME:
                found = self._by_groups(GroupOrder.NAME, after, named, descending=descending)
            case FeatureOrder.CREATED:
                found = self._by_groups(GroupOrder.GROWN, after, named, descending=descending)
            case FeatureOrder.MODIFIED:
                steps = self._by_groups(GroupOrder.GROWN, after, named, descending=descending)
                found = merge(
                    (each for each in steps if not _is_changed(each[1])),
                    self._by_changes(after, descending=descending),
                    key=lambda each: each[0],
                    reverse=descending,
                )
        for place, feature in found:
            if after is None or (place < after if descending else place > after):
                yield place, feature

    def _by_groups(
        self, by: GroupOrder, after: str | None, named: Named, *, descending: bool
    ) -> Iterator[Placed]:
        head = None if after is None else after.rpartition(SEPARATOR)[0]
        bounds = narrowed(EVERY_PLACE, head, descending=descending)
        entries = self.catalog.groups.registry.walk(
            by, descending=descending, bounds=bounds, named=named, batch=_FIRST
        )
        for chunk in _chunks(entries):
            written = self.catalog.store.of_groups({group.uid for _, group in chunk})
            for place, group in chunk:
                of_group = written[group.uid]
                for name in sorted(_features_at(place, by, group), reverse=descending):
                    definition = group.features[group.ordinals[name]]
                    feature = described(group, definition, of_group.get(name))
                    yield f"{place}{SEPARATOR}{name}", feature

    def _by_changes(self, after: str | None, *, descending: bool) -> Iterator[Placed]:
        bounds = narrowed(EVERY_PLACE, after, descending=descending)
        for chunk in _chunks(self.catalog.store.walk(bounds, descending=descending, batch=_FIRST)):
            groups = self.catalog.groups.registry.by_uids({metadata.uid for _, metadata in chunk})
            for place, metadata in chunk:
                feature = _with_group(metadata, groups.get(metadata.uid))
                if feature is not None and _is_changed(feature):
                    yield place, feature


def _features_at(place: str, by: GroupOrder, group: FeatureGroup) -> Iterator[str]:
    """Names of the features that a group was given then, or of all."""
    time = place.partition(SEPARATOR)[0]
    for definition in group.features:
        if by is GroupOrder.NAME or moment(group.added(definition.name)) == time:
            yield definition.name


def _with_group(metadata: FeatureMetadata, group: FeatureGroup | None) -> DescribedFeature | None:
    if group is None or metadata.feature not in group.ordinals:
        return None
    definition = group.features[group.ordinals[metadata.feature]]
    return described(group, definition, metadata)


def _is_changed(feature: DescribedFeature) -> bool:
    return feature.metadata.modified > feature.creation_time


def _chunks(entries: Iterator[T]) -> Iterator[list[T]]:
    size = _FIRST
    while chunk := list(islice(entries, size)):
        yield chunk
        size = _THEN
