"""Offline to online: the newest version of each record of a group's history, put online.

Athena finds the newest versions and writes them to files; from there they go into the online store
by the same conditional writes as any. They keep the event and write times that they have in the
history. So a newer record online stays, and doing it twice is doing it once. Nothing is deleted: a
record whose newest version is a deletion, or that has expired, is not loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.as_of.athena import unload
from larder.as_of.latest import latest_query
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.ingestion.load import Offered, OnlineLoader, Rows, Version
from larder.offline.feature_table import FeatureTable
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


@dataclass(slots=True)
class Materialized:
    """What came of it: of ``records`` in the history, ``stored`` are now online as in it.

    That counts those that were there before. ``older`` met another version that is newer;
    ``expired`` were past their time to live.
    """

    group: str
    records: int
    stored: int
    older: int
    expired: int
    bytes_scanned: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Materialization:
    """The use case; ``clock`` gives nanoseconds since the epoch, ``new_id`` unused names.

    ``offered`` hears of each batch that was offered to the online store.
    """

    versions: TableVersions
    queries: Queries
    files: LatestFiles
    loader: OnlineLoader
    clock: Callable[[], int]
    new_id: Callable[[], str]
    offered: Callable[[Offered], None]

    def run(
        self, group: FeatureGroup, *, as_of: int | None, since: int | None, report: Report
    ) -> Materialized:
        """Put the newest versions of a group online, as of an instant, of events since another.

        Raises:
            ValidationError: the group lacks one of the two stores, or the instants are reversed.
            QueryFailed: Athena ended the query without a result.
            ThrottlingException, ServiceUnavailable: a store did not take or give it; run it again.
        """
        _check(group, as_of, since)
        began, table = self.clock(), FeatureTable.of(group)
        query = latest_query(table, self.versions.current(table), as_of=as_of, since=since)
        location = self.files.location(group, self.new_id())
        try:
            scanned = self.queries.run(unload(query, location), report).bytes_scanned
            records = self.files.count(location)
            rows = Rows(group, self.files.batches(group, location), records, began)
            stored, older = self.loader.load(rows, done=self.offered, report=report)
        finally:
            self.files.remove(location)
        seconds = (self.clock() - began) / 1e9
        expired = records - stored - older
        return Materialized(group.name, records, stored, older, expired, scanned, seconds)


def _check(group: FeatureGroup, as_of: int | None, since: int | None) -> None:
    if lacking := frozenset(TargetStore) - group.stores:
        raise ValidationError(
            f"FeatureGroup {group.name} has no {' and no '.join(sorted(lacking))}: records are "
            "materialized from the one into the other"
        )
    if as_of is not None and since is not None and since > as_of:
        raise ValidationError("--since is after --as-of: no event lies between them")
