"""The use case of a shard: what it has to do is in the run's own documents."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from larder.errors import LarderError, ResourceNotFound
from larder.pipelines.runs.items import IntervalItem
from larder.predictions.documents import counts_to_json, pin_from_json
from larder.predictions.folders import Folders
from larder.predictions.ports import Counts, Documents, ShardScorer

_LONGEST_CAUSE: Final = 300


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores shards of runs, in the platform's bucket."""

    documents: Documents
    shards: ShardScorer
    bucket: str

    def score(self, item: IntervalItem, shard: int) -> Counts:
        """Score a shard of a run. A part that lies there already is written again, the same.

        Why it could not be scored is written down too: the state of a machine has no room for the
        causes of some hundred shards.

        Raises:
            ResourceNotFound: the run has no pin, or its records were not written.
            LarderError: as ``ShardScorer``.
        """
        folders = Folders.of(self.bucket, item)
        pin, records = self.documents.read(folders.pin), self.documents.read(folders.records)
        if pin is None or records is None:
            raise ResourceNotFound(f"run {item.run_id}: nothing lies below {folders.run}")

        def keep(counts: Counts) -> None:
            self.documents.write(folders.counts(shard), counts_to_json(counts))

        part = folders.part(shard)
        try:
            return self.shards.score(pin_from_json(pin), records.decode(), shard, part, keep)
        except Exception as error:
            with suppress(LarderError):  # the error itself matters more than its note
                self.documents.write(folders.failure(shard), cause_told(error))
            raise


def cause_told(error: Exception) -> bytes:
    """An error as the gate names it: its class, and the beginning of its message."""
    return f"{type(error).__name__}: {error}"[:_LONGEST_CAUSE].encode()
