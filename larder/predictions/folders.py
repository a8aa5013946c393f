"""Where a run's files lie in the platform's bucket.

    predictions/<name>/r<revision>/<instant>/   what a run works with: the pin, records, scores
    predictions/<name>/model=…/version=…/as_of=…/part-00000.parquet   scores that passed the gate

So the second can be read as a partitioned table while runs work in the first.
"""

from __future__ import annotations

from dataclasses import dataclass

from larder.bucket_folders import PREDICTIONS
from larder.pipelines.durations import MINUTE
from larder.pipelines.runs.items import IntervalItem, stamp
from larder.pipelines.sql.statement import Interval
from larder.predictions.pin import Pin


@dataclass(frozen=True, slots=True)
class Folders:
    """The addresses of one run, whatever its attempt."""

    bucket: str
    name: str
    revision: int
    as_of: int

    @classmethod
    def of(cls, bucket: str, item: IntervalItem) -> Folders:
        """Those of a run that the ledger knows."""
        return cls(bucket, item.pipeline, item.revision, item.interval.until)

    @property
    def run(self) -> str:
        """The run's own folder."""
        return f"{self._root}r{self.revision}/{stamp(self.as_of)}/"

    @property
    def pin(self) -> str:
        """What the run works with."""
        return f"{self.run}pin.json"

    def attempt(self, number: int) -> str:
        """Where an attempt has records written: Athena wants a folder that is empty."""
        return f"{self.run}records-{number}/"

    @property
    def records(self) -> str:
        """The document that says which attempt's records are whole."""
        return f"{self.run}records.json"

    @property
    def scores(self) -> str:
        """Scores, a part for each shard that was scored."""
        return f"{self.run}scores/"

    def part(self, shard: int) -> str:
        """The scores of a shard. It is the last that is written of it."""
        return f"{self.scores}{part_name(shard)}"

    def counts(self, shard: int) -> str:
        """What was counted while a shard was scored."""
        return f"{self.run}counts/{shard:05}.json"

    def failure(self, shard: int) -> str:
        """Why a shard could not be scored, when that was last tried."""
        return f"{self.run}failures/{shard:05}.txt"

    @property
    def report(self) -> str:
        """The report on the run."""
        return f"{self.run}report.json"

    def published(self, pin: Pin) -> str:
        """Where scores that passed the gate lie."""
        at = stamp(self.as_of)
        return f"{self._root}model={pin.group}/version={pin.version}/as_of={at}/"

    @property
    def _root(self) -> str:
        return f"s3://{self.bucket}/{PREDICTIONS}{self.name}/"


def part_name(shard: int) -> str:
    """The name of a shard's part."""
    return f"part-{shard:05}.parquet"


def interval_of(as_of: int) -> Interval:
    """The ledger's interval of a run: the minute that ends at its instant."""
    return Interval(as_of - MINUTE, as_of)
