"""The ledger's port. Its writes are conditional, so any number of executions may work at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from larder.pipelines.runs.items import Claim, IntervalItem, Position


class Ledger(Protocol):
    """Positions and intervals. Methods raise as stores do."""

    def position(self, pipeline: str) -> Position | None:
        """How far the pipeline has come; ``None`` before its first look."""

    def positions(self) -> Iterator[Position]:
        """Those of all pipelines, by name."""

    def move(self, position: Position) -> None:
        """Note how far it has come. All else stays as it is stored."""

    def note_reads(self, pipeline: str, reads: Mapping[str, int], dropped: int) -> None:
        """Note up to which snapshots late events were looked for, and how many were too old."""

    def pause(self, pipeline: str, paused: bool) -> bool:
        """Note whether it is paused; ``False`` where there is no position to note it in."""

    def intervals(self, pipeline: str, revision: int, after: int) -> Iterator[IntervalItem]:
        """The intervals that begin at ``after`` or later, oldest first."""

    def claim(self, item: IntervalItem, claim: Claim, lease_until: int) -> IntervalItem | None:
        """Take an interval, which need not be stored yet.

        Returns the item as it is now, with one more attempt; or ``None`` where it may not be
        claimed (``IntervalItem.may_be_claimed``). Of several that ask at once one has it.
        """

    def reopen(self, item: IntervalItem) -> bool:
        """Make a published interval due again; whether it still was as ``item`` has it."""

    def renew(self, item: IntervalItem, lease_until: int) -> bool:
        """Hold on to an interval; whether its owner still has it, in this attempt.

        A ``publication`` that the item has is noted. All else stays as it is stored.
        """

    def end(self, item: IntervalItem) -> bool:
        """Note state, rows and cause; whether its owner still had it, in this attempt."""
