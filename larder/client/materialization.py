"""Materialization from Python: the newest records of the history, put online.

    print(platform.materialization.materialize("customers").stored)

Newer records online stay, so it is safe at any time, and twice is once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from larder.as_of.oracle import nanos_of
from larder.client.html import as_shown, facts
from larder.errors import ValidationError
from larder.foreign_errors import in_larders_words
from larder.materialization.materialize import Asked, Materialized
from larder.materialization.redelete import Redeleted
from larder.memory.warm import Warmed
from larder.progress import Report, silent
from larder.wiring.materialization import OfflineToOnline, lean_memory


class MaterializationSummary(Materialized):
    """What a materialization came to."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        incremental = self.rows_added is not None
        return facts(
            f"Materialization of {self.group}",
            {
                **({"Rows added": self.rows_added} if incremental else {}),
                "Records among them" if incremental else "Records in the history": self.records,
                "Online as in the history": self.stored,
                "Newer online": self.older,
                "Expired": self.expired,
                "Bytes scanned": self.bytes_scanned,
                "Seconds": f"{self.seconds:.1f}",
                **({"Full because": self.full_because} if self.full_because else {}),
            },
        )


class WarmingSummary(Warmed):
    """What filling the in-memory tier came to."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return facts(
            f"{self.group} into memory",
            {"Records read": self.records, "Not taken by Valkey": self.unanswered},
        )


@dataclass(frozen=True, slots=True)
class MaterializationClient:
    """Puts history online with this process's IAM rights."""

    runs: OfflineToOnline

    def materialize(
        self,
        group: str,
        *,
        as_of: datetime | str | None = None,
        since: datetime | str | None = None,
        incremental: bool = False,
        max_writes_per_second: float = 1000.0,
        report: Report = silent,
    ) -> MaterializationSummary:
        """Put the newest version of each record of a group's history into its online store.

        ``as_of`` and ``since`` are aware datetimes or ISO-8601 texts with a zone. Both are bounds
        of event times, and inclusive.

        ``incremental`` reads the rows that were added since the last run that had no bounds. Their
        event times may be of any age, and what comes of it is what a full run would give. Where
        those rows can't be told it is a full run, and ``full_because`` says why.

        Raises:
            ResourceNotFound, ValidationError: there is no such group, it lacks one of the stores,
                or the bounds are reversed. An ``incremental`` run takes none.
            QueryFailed: Athena ended the query without a result.
            ThrottlingException, ServiceUnavailable: a store did not answer; run it again.
        """
        first, last = _nanos("since", since), _nanos("as_of", as_of)
        asked = Asked(as_of=last, since=first, incremental=incremental)
        with in_larders_words(f"the materialization of {group} failed"):
            found = self.runs.run(group, asked, rate=max_writes_per_second, report=report)
        return as_shown(MaterializationSummary, found)

    def redelete(
        self,
        group: str,
        *,
        since: datetime | str,
        erase: Callable[[str, str], object],
        until: datetime | str | None = None,
        dry_run: bool = False,
        report: Report = silent,
    ) -> Redeleted:
        """Repeat online the deletions that were accepted since an instant, as after a restore.

        ``since`` and ``until`` are aware datetimes or ISO-8601 texts with a zone, and bounds of
        write times. ``erase`` erases an identifier of a group: ``platform.erasure.erase``.

        Raises:
            LarderError: as ``materialize``.
        """
        first, last = _nanos("since", since), _nanos("until", until)
        with in_larders_words(f"deletions of {group} could not be repeated"):
            return self.runs.redelete(
                group,
                since=(first or 0) // 1000,
                until=None if last is None else last // 1000,
                dry_run=dry_run,
                erase=erase,
                report=report,
            )

    def warm(self, group: str, *, report: Report = silent) -> WarmingSummary:
        """Fill the in-memory tier with the records of an InMemory group, as DynamoDB holds them.

        Entries live five minutes at most, so it is for the moment before readers come.

        Raises:
            ValidationError: the platform has no such tier, or the group is not of it.
        """
        return as_shown(WarmingSummary, self.runs.warm(group, report))

    @staticmethod
    def use_lean_memory() -> None:
        """Have Arrow give back at once what it frees, in all of this process.

        It saves some 50 MB, for programs that do nothing else with Arrow.
        """
        lean_memory()


def _nanos(name: str, instant: datetime | str | None) -> int | None:
    if instant is None:
        return None
    try:
        return nanos_of(instant)
    except ValidationError as error:
        raise ValidationError(f"{name}: {error}") from error
