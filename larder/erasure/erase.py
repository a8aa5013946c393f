"""Right to erasure: one identifier removed from every place that may hold it, and what is left.

The order matters: first the online store, so that readers and the in-memory tier know; then the
offline table, with a mark in the same commit that keeps repetitions out; then what lies about.
Training sets are files of their owners' making: those that hold the identifier are named, not
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.groups.ports import Registry
from larder.offline.feature_table import has_iceberg
from larder.records.record import Slot
from larder.records.values import slot_of


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found in one place: ``count`` of ``what``.

    ``stays`` where it is only told and not removed; ``left`` says what else stays, and why.
    """

    place: str
    what: str
    count: int
    left: str | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is erased: a group, the record's slot, and rows accepted by ``time`` (µs)."""

    group: FeatureGroup
    slot: Slot
    time: int


class Place(Protocol):
    """Somewhere that may hold a record. Raises as the stores behind it do."""

    def erase(self, subject: Subject, *, dry_run: bool) -> Sequence[Trace]:
        """Remove the subject and say what there was; with ``dry_run`` only say it."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure found, and removed unless it was a dry run."""

    group: str
    dry_run: bool
    traces: tuple[Trace, ...]

    @property
    def found(self) -> int:
        """How much there was to remove; 0 proves absence."""
        return sum(trace.count for trace in self.traces if not trace.stays)


@dataclass(frozen=True, slots=True)
class Erasing:
    """Erases from places in their order. ``clock`` gives µs since the epoch."""

    registry: Registry
    places: Sequence[Place]
    clock: Callable[[], int]

    def erase(self, group_name: str, identifier: str, *, dry_run: bool = False) -> Erased:
        """Erase one identifier of a group.

        Raises:
            ResourceNotFound: there is no such group.
            ValidationError: the identifier is none of the group's type, or the offline table is of
                format Glue, which is not rewritten yet; nothing was changed.
            LarderError: a place failed; what was done is done, and doing it again is safe.
        """
        group = self.registry.get(group_name)
        if group is None:
            raise ResourceNotFound(f"there is no feature group {group_name}")
        if group.offline is not None and not has_iceberg(group):
            raise ValidationError(
                f"feature group {group.name} keeps its history in format Glue, whose files larder "
                "erase does not rewrite yet; nothing was erased"
            )
        subject = Subject(group, slot_of(group, identifier), self.clock())
        traces: list[Trace] = []
        for place in self.places:
            traces += place.erase(subject, dry_run=dry_run)
        return Erased(group.name, dry_run, tuple(traces))
