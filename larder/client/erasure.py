"""Erasure from Python: one record identifier removed from every place that may hold it."""

from __future__ import annotations

from dataclasses import dataclass

from larder.client.html import as_shown, table
from larder.erasure.erase import Erased, Erasing


class ErasureSummary(Erased):
    """What an erasure found, and removed unless it was a dry run."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        done = "found" if self.dry_run else "removed"
        rows = [
            (each.place, each.what, each.count, "found, kept" if each.stays else done, each.left)
            for each in self.traces
        ]
        columns = ("Place", "What", "Count", "Done", "Left")
        return table(f"Erasure from {self.group}", columns, rows)


@dataclass(frozen=True, slots=True)
class ErasureClient:
    """Erases with this process's IAM rights."""

    places: Erasing

    def erase(
        self, group: str, identifier: str, *, dry_run: bool = False, exposures: bool = False
    ) -> ErasureSummary:
        """Erase one identifier of a group; with ``dry_run`` only say what would be removed.

        With ``exposures`` also the rows of exposures whose unit it is.

        Raises:
            ResourceNotFound: no group bears the name or ever did.
            ValidationError: the identifier is not of any life's type; nothing was changed.
            LarderError: a place failed; what was done is done, and doing it again is safe.
        """
        done = self.places.erase(group, identifier, dry_run=dry_run, exposures=exposures)
        return as_shown(ErasureSummary, done)
