"""The use case of a shard: what it has to do is in the run's own documents."""

from __future__ import annotations

from dataclasses import dataclass

from larder.errors import ResourceNotFound
from larder.pipelines.runs.items import IntervalItem
from larder.predictions.documents import counts_to_json, pin_from_json
from larder.predictions.folders import Folders
from larder.predictions.ports import Counts, Documents, ShardScorer


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores shards of runs, in the platform's bucket."""

    documents: Documents
    shards: ShardScorer
    bucket: str

    def score(self, item: IntervalItem, shard: int) -> Counts:
        """Score a shard of a run. A part that lies there already is written again, the same.

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
        return self.shards.score(pin_from_json(pin), records.decode(), shard, part, keep)
