"""How far pipelines are, by their own ledger."""

from __future__ import annotations

from dataclasses import dataclass

from larder.pipelines.runs.ledger import Ledger


@dataclass(frozen=True, slots=True)
class LedgerPublished:
    """Implements ``larder.trainings.ports.Published``."""

    ledger: Ledger

    def until(self, pipeline: str) -> int:
        position = self.ledger.position(pipeline)
        return position.published_until if position else 0
