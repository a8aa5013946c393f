"""Offline to online: the newest version of each record of a group's history, put online.

Athena finds the newest versions and writes them to files; from there they go into the online store
by the same conditional writes as any. They keep the event and write times that they have in the
history. So a newer record online stays, and doing it twice is doing it once. Nothing is deleted: a
record whose newest version is a deletion, or that has expired, is not loaded.

An incremental run reads the rows that were added since the last run, however old their event times
are. A run notes the snapshot that it brought online, after the online store has confirmed all.
Where the rows between two snapshots can't be told, it is a full run, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from larder.as_of.athena import unload
from larder.as_of.latest import latest_query
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.load import Offered, OnlineLoader, Rows, Version
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.queries import Queries, TableVersions
from larder.progress import Report


class LatestFiles(Protocol):
    """Results of the query for the newest versions, below one root."""

    def location(self, group: FeatureGroup, name: str) -> str:
        """The address of an empty folder for a group's results; it ends with a slash."""

    def count(self, location: str) -> int:
        """How many rows lie there."""

    def batches(self, group: FeatureGroup, location: str) -> Iterator[Sequence[Version]]:
        """The rows there as versions of the group's records, those apart that have expired."""

    def remove(self, location: str) -> None:
        """Delete what lies there."""


class NotKnown(Exception):
    """Which rows were added since a snapshot can't be told; the message says why."""


@dataclass(frozen=True, slots=True)
class Added:
    """What was added between two snapshots: of ``rows``, the newest versions of ``records``.

    ``batches`` are those that have not expired. A record is left out whose newest version is a
    deletion, in the whole history.
    """

    rows: int
    records: int
    batches: Iterator[Sequence[Version]]


class AddedRows(Protocol):
    """Rows between two snapshots of a group's table."""

    def between(self, group: FeatureGroup, since: int, until: int) -> AbstractContextManager[Added]:
        """Those of the snapshots after ``since``, up to ``until``.

        Raises:
            NotKnown: ``since`` has expired, or rows were taken away or changed after it.
        """


class Positions(Protocol):
    """The snapshot of each group's table that was brought online last."""

    def of(self, group: FeatureGroup) -> int | None:
        """It, or ``None`` where none is noted."""

    def note(self, group: FeatureGroup, snapshot_id: int | None) -> None:
        """Everything up to a snapshot is online; ``None`` has the next run be a full one."""


@dataclass(slots=True)
class Materialized:
    """What came of it: of ``records`` in the history, ``stored`` are now online as in it.

    That counts those that were there before. ``older`` met another version that is newer;
    ``expired`` were past their time to live. Of an incremental run ``records`` are those with rows
    that were added, and ``rows_added`` is how many rows they are. ``full_because`` says why a run
    that was to be incremental was not.
    """

    group: str
    records: int
    stored: int
    older: int
    expired: int
    bytes_scanned: int
    seconds: float
    rows_added: int | None = None
    full_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: events from ``since`` to ``as_of`` (ns), or an ``incremental`` run.

    Raises:
        ValidationError: the instants are reversed, or bound what is incremental.
    """

    as_of: int | None = None
    since: int | None = None
    incremental: bool = False

    def __post_init__(self) -> None:
        """Check them together."""
        if self.as_of is not None and self.since is not None and self.since > self.as_of:
            raise ValidationError("--since is after --as-of: no event lies between them")
        if self.incremental and self.is_bounded:
            raise ValidationError(
                "--incremental reads the rows that were added since the last run, whatever their "
                "event times: leave out --as-of and --since"
            )

    @property
    def is_bounded(self) -> bool:
        """Whether some events are left out."""
        return self.as_of is not None or self.since is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialization:
    """The use case; ``clock`` gives nanoseconds since the epoch, ``new_id`` unused names.

    ``offered`` hears of each batch that was offered to the online store.
    """

    versions: TableVersions
    queries: Queries
    files: LatestFiles
    added: AddedRows
    positions: Positions
    loader: OnlineLoader
    clock: Callable[[], int]
    new_id: Callable[[], str]
    offered: Callable[[Offered], None]

    def run(self, group: FeatureGroup, asked: Asked, report: Report) -> Materialized:
        """Put the newest versions of a group online.

        Raises:
            ValidationError: the group lacks one of the two stores.
            QueryFailed: Athena ended the query without a result.
            ThrottlingException, ServiceUnavailable: a store did not take or give it; run it again.
        """
        _check(group)
        began, version = self.clock(), self.versions.current(FeatureTable.of(group))
        done, reason = None, ""
        if asked.incremental:
            try:
                done = self._incremental(group, version, began, report)
            except NotKnown as error:
                reason = str(error)
        if done is None:
            done = self._full(group, version, asked, began, report)
        if version.snapshot_id is not None and not asked.is_bounded:
            self.positions.note(group, version.snapshot_id)
        done.seconds, done.full_because = (self.clock() - began) / 1e9, reason
        return done

    def _incremental(
        self, group: FeatureGroup, version: TableVersion, began: int, report: Report
    ) -> Materialized:
        """What was added since the last run; raises as ``AddedRows.between``."""
        since, until = self.positions.of(group), version.snapshot_id
        if since is None:
            raise NotKnown("no earlier run has noted how far it came")
        if until is None:
            raise NotKnown("the table has no snapshots: it is empty, or of format Glue")
        if since == until:
            return Materialized(group.name, 0, 0, 0, 0, 0, 0.0, rows_added=0)
        with self.added.between(group, since, until) as found:
            rows = Rows(group, found.batches, found.records, began)
            stored, older = self.loader.load(rows, done=self.offered, report=report)
        expired = found.records - stored - older
        return Materialized(group.name, found.records, stored, older, expired, 0, 0.0, found.rows)

    def _full(
        self,
        group: FeatureGroup,
        version: TableVersion,
        asked: Asked,
        began: int,
        report: Report,
    ) -> Materialized:
        table = FeatureTable.of(group)
        query = latest_query(table, version, as_of=asked.as_of, since=asked.since)
        location = self.files.location(group, self.new_id())
        try:
            scanned = self.queries.run(unload(query, location), report).bytes_scanned
            records = self.files.count(location)
            rows = Rows(group, self.files.batches(group, location), records, began)
            stored, older = self.loader.load(rows, done=self.offered, report=report)
        finally:
            self.files.remove(location)
        expired = records - stored - older
        return Materialized(group.name, records, stored, older, expired, scanned, 0.0)


def _check(group: FeatureGroup) -> None:
    if lacking := frozenset(TargetStore) - group.stores:
        raise ValidationError(
            f"FeatureGroup {group.name} has no {' and no '.join(sorted(lacking))}: records are "
            "materialized from the one into the other"
        )
