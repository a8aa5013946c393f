"""Deletions repeated online after the online store was restored to an earlier instant.

A restore brings back what was deleted since. The history has these deletions, and the marks of
erasures. A record is deleted again where its newest version in the history is a deletion that was
accepted since then. The write is conditional, with the event time and the write time that the
deletion has in the history. So a newer record online stays, and doing it twice is doing it once.
What was erased since then is erased again.

The history does not tell a hard delete from a soft one. Both leave a visible tombstone here, which
readers take for absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from larder.as_of.athena import unload
from larder.as_of.latest import deleted_query
from larder.backoff import Backoff
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.load import Version
from larder.materialization.tombstones import put_tombstones
from larder.offline.erased_marks import Marks, mark_of
from larder.offline.feature_table import FeatureTable
from larder.offline.queries import Queries, TableVersions
from larder.progress import Report
from larder.records.codec import unpack
from larder.records.feature_values import canonical_identifier, typed_value
from larder.records.ports import RecordPages, RecordWrites

_PAGE = 250


class DeletionFiles(Protocol):
    """Results of the query for deletions, below one root."""

    def location(self, group: FeatureGroup, name: str) -> str:
        """The address of an empty folder for a group's results; it ends with a slash."""

    def deletions(self, group: FeatureGroup, location: str) -> Iterator[Sequence[Version]]:
        """The rows there as tombstones of the group's records, without rows of expiries."""

    def remove(self, location: str) -> None:
        """Delete what lies there."""


@dataclass(frozen=True, slots=True)
class Redeleted:
    """What came of it.

    Of ``deletions`` in the history, ``repeated`` are now online as there: that counts those that
    were there before. ``newer`` met a newer record. ``erased`` are identifiers that were erased
    again. A dry run only counts deletions and identifiers.
    """

    group: str
    dry_run: bool
    deletions: int
    repeated: int
    newer: int
    erased: int
    bytes_scanned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeletion:
    """The use case.

    ``marks`` gives the marks of erasures of a group's table; ``erase`` erases an identifier of the
    group of that name from every place. ``clock`` gives nanoseconds since the epoch, ``new_id``
    unused names.
    """

    versions: TableVersions
    queries: Queries
    files: DeletionFiles
    writes: RecordWrites
    pages: RecordPages
    marks: Callable[[FeatureGroup], Marks]
    erase: Callable[[str, str], object]
    clock: Callable[[], int]
    new_id: Callable[[], str]
    backoff: Backoff = field(default_factory=Backoff)

    def run(
        self,
        group: FeatureGroup,
        *,
        since: int,
        until: int | None,
        dry_run: bool = False,
        report: Report,
    ) -> Redeleted:
        """Repeat the deletions accepted from ``since`` to ``until`` (µs), both included.

        Without ``until`` all later ones count. Versions accepted after ``until`` are passed over.

        Raises:
            ValidationError: the group lacks one of the two stores, or the instants are reversed.
            QueryFailed: Athena ended the query without a result.
            ThrottlingException, ServiceUnavailable: a store did not take or give it; run it again.
        """
        _check(group, since, until)
        found, repeated, scanned = self._repeat(group, since, until, dry_run, report)
        erased = list(dict.fromkeys(self._erased(group, since, until)))
        for identifier in () if dry_run else erased:
            self.erase(group.name, identifier)
        newer = 0 if dry_run else found - repeated
        return Redeleted(group.name, dry_run, found, repeated, newer, len(erased), scanned)

    def _repeat(
        self, group: FeatureGroup, since: int, until: int | None, dry_run: bool, report: Report
    ) -> tuple[int, int, int]:
        """How many deletions there are, how many of them are online now, and bytes scanned."""
        table, found, repeated = FeatureTable.of(group), 0, 0
        query = deleted_query(table, self.versions.current(table), since=since, until=until)
        location = self.files.location(group, self.new_id())
        try:
            scanned = self.queries.run(unload(query, location), report).bytes_scanned
            for batch in self.files.deletions(group, location):
                found += len(batch)
                repeated += (
                    0 if dry_run else put_tombstones(batch, self.writes, self.clock, self.backoff)
                )
        finally:
            self.files.remove(location)
        return found, repeated, scanned

    def _erased(self, group: FeatureGroup, since: int, until: int | None) -> Iterator[str]:
        """Identifiers of records online that were erased in that time, after they were written."""
        times = {
            mark: time
            for mark, time in self.marks(group).times.items()
            if time >= since and (until is None or time <= until)
        }
        ordinal = group.ordinals[group.record_identifier_name]
        for shard in range(group.shards) if times else ():
            after: str | None = None
            while True:
                page = self.pages.shard(group.uid, shard, after=after, limit=_PAGE)
                for _, version in page.entries:
                    text = str(unpack(version.packed)[ordinal])
                    time = times.get(_mark(group, ordinal, text))
                    if time is not None and version.write_time <= time:
                        yield text
                if page.last is None:
                    break
                after = page.last


def _mark(group: FeatureGroup, ordinal: int, text: str) -> str:
    feature = group.features[ordinal]
    typed = typed_value(feature, canonical_identifier(feature, text))
    return mark_of(group.uid, typed)


def _check(group: FeatureGroup, since: int, until: int | None) -> None:
    if lacking := frozenset(TargetStore) - group.stores:
        raise ValidationError(
            f"FeatureGroup {group.name} has no {' and no '.join(sorted(lacking))}: deletions are "
            "repeated from the one into the other"
        )
    if until is not None and until < since:
        raise ValidationError("--until is before --since: no deletion lies between them")
