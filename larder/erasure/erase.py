"""Right to erasure: one identifier removed from every place that may hold it, and what is left.

A name may have had several lives: a deleted group's history stays, and so does that of a group that
was created again under its name. Each life has an identity (uid) and tables of its own, and all of
them are searched.

The order of places matters. First comes the online store, so that readers and the in-memory tier
know. Its hidden tombstone also keeps out what a bulk load is about to write. Then come the offline
tables, each with a mark that keeps repetitions out, and then what is left over elsewhere. Training
sets are files of their owners' making: those that hold the identifier are named, not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.errors import ConfigurationError, ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureGroup, FeatureGroupStatus
from larder.records.record import Slot
from larder.records.values import slot_of

_NOT_ASKED = "the table of exposures (--exposures erases the rows whose unit is the identifier)"


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found in one place: ``count`` of ``what``.

    ``stays`` where it is only named and not removed; ``left`` says what else stays, and why.
    ``maybe`` where what is removed was not looked into, so it may have held the record or not.
    ``unsearched`` says why the place, or a part of it, could not be searched.
    """

    place: str
    what: str
    count: int
    left: str | None = None
    stays: bool = False
    maybe: bool = False
    unsearched: str | None = None


def not_searched(unreadable: Sequence[str]) -> str | None:
    """Why a place was not searched whole: objects that are not of its form, the first by name."""
    if not unreadable:
        return None
    named = ", ".join(unreadable[:3])
    return f"{len(unreadable)} objects can't be read: {named}"


@dataclass(frozen=True, slots=True)
class Subject:
    """The record to erase in one life of a group: its slot, and rows accepted by ``time`` (µs).

    ``alive`` says that the group takes records now; otherwise it is deleted, or not ready.
    """

    group: FeatureGroup
    slot: Slot
    time: int
    alive: bool


class Place(Protocol):
    """Somewhere that may hold a record. Raises as the stores behind it do."""

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:
        """Remove the record in all lives and say what there was; with ``dry_run`` only say it.

        A place that is searched has a trace, though nothing was found.
        """


class GroupLives(Protocol):
    """Which groups have borne a name."""

    def lives(self, name: str) -> Iterable[FeatureGroup]:
        """Every group that bears the name or bore it before it was deleted, the present one first.

        Raises ``ThrottlingException`` and ``ServiceUnavailable``.
        """


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a name. ``skipped`` says why it can't hold the identifier.

    ``created`` is in microseconds since the epoch.
    """

    uid: str
    created: int
    status: str
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure found, and removed unless it was a dry run.

    ``never_searched`` are places that no erasure reaches.
    """

    group: str
    dry_run: bool
    traces: tuple[Trace, ...]
    lives: tuple[Life, ...] = ()
    never_searched: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How much there was to remove that surely held the identifier."""
        return sum(each.count for each in self.traces if not each.stays and not each.maybe)

    @property
    def complete(self) -> bool:
        """Whether every place of the report was searched whole."""
        return not any(each.unsearched for each in self.traces)

    @property
    def absent(self) -> bool:
        """Whether no place of the report holds the identifier, but those that are only named.

        After a run that removes this is so where it was complete. A dry run leaves what it finds,
        and what it does not look into.
        """
        left = any(each.count and not each.stays for each in self.traces)
        return self.complete and not (self.dry_run and left)


@dataclass(frozen=True, slots=True)
class Erasing:
    """Erases from places in their order. ``clock`` gives µs since the epoch.

    ``exposures`` is where units of experiments are; not every group's identifiers are units.
    """

    lives: GroupLives
    places: Sequence[Place]
    clock: Callable[[], int]
    never_searched: tuple[str, ...] = ()
    exposures: Place | None = None

    def erase(
        self, group_name: str, identifier: str, *, dry_run: bool = False, exposures: bool = False
    ) -> Erased:
        """Erase one identifier from every life of a group's name.

        With ``exposures`` also where it is the unit of an experiment.

        Raises:
            ResourceNotFound: no group bears the name or ever did.
            ValidationError: the identifier is not of any life's type; nothing was changed.
            ConfigurationError: exposures are asked for, and it is not known where they are.
            LarderError: a place failed; what was done is done, and doing it again is safe.
        """
        places = [*self.places, *([self._exposures()] if exposures else [])]
        subjects, lives = self._subjects(group_name, identifier)
        traces: list[Trace] = []
        for place in places:
            traces += place.erase(subjects, dry_run=dry_run)
        unasked = (_NOT_ASKED,) if self.exposures is not None and not exposures else ()
        never = (*unasked, *self.never_searched)
        return Erased(group_name, dry_run, tuple(traces), tuple(lives), never)

    def _subjects(self, group_name: str, identifier: str) -> tuple[list[Subject], list[Life]]:
        """The record in each life that may hold it, and all lives of the name."""
        groups = list(self.lives.lives(group_name))
        if not groups:
            raise ResourceNotFound(f"no feature group is or was named {group_name}")
        time = self.clock()
        subjects, lives, refusal = list[Subject](), list[Life](), None
        for group in groups:
            skipped = None
            try:
                subjects.append(_subject(group, identifier, time))
            except ValidationError as error:
                skipped, refusal = str(error), error
            lives.append(Life(group.uid, group.creation_time, group.status, skipped))
        if refusal is not None and not subjects:
            raise refusal
        return subjects, lives

    def _exposures(self) -> Place:
        if self.exposures is None:
            raise ConfigurationError(
                "exposures can't be erased: the platform's Glue database is not known, set "
                "LARDER_DATABASE (`make env` and a stage's SSM parameter have it)."
            )
        return self.exposures


def _subject(group: FeatureGroup, identifier: str, time: int) -> Subject:
    alive = group.status is FeatureGroupStatus.CREATED
    return Subject(group, slot_of(group, identifier), time, alive)
