"""The steps of a run: plan, claim, pin, read, check, release, record. Each may be repeated.

The ledger, its claims and its leases are those of pipelines. A run is the interval of one minute,
which ends at the run's instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.queries import TableVersions
from larder.pipelines.durations import HOUR, MINUTE
from larder.pipelines.runs.items import (
    BEGINNING,
    DUE,
    LEASE,
    Claim,
    IntervalItem,
    Position,
    State,
    stamp,
)
from larder.pipelines.runs.plan import Runs
from larder.pipelines.runs.ports import Engine, Remaining
from larder.pipelines.runs.work import LONGEST_CAUSE
from larder.predictions.asked import Asked
from larder.predictions.choose import chosen, read_features, served_by
from larder.predictions.definition import Prediction
from larder.predictions.documents import counts_from_json, pin_from_json, pin_to_json
from larder.predictions.folders import Folders, interval_of, part_name
from larder.predictions.gate import FailedShard, Gate, GateReport, report_to_json
from larder.predictions.pin import Pin, shards_of
from larder.predictions.ports import Counts, Documents, Groups, Packages
from larder.predictions.release import Released, released
from larder.predictions.statement import SHARD, folders_of, records_query

SCORING_LEASE: Final = 2 * HOUR
"""How long a claim holds while shards are scored, or published: nothing renews it meanwhile."""
_MOST_CAUSES: Final = 100
_IN_LOG: Final = "the log of the function scoring says why"


@dataclass(frozen=True, slots=True)
class PredictionWork:
    """The steps over the platform's bucket; ``predictions`` gives those declared, by name."""

    runs: Runs
    predictions: Callable[[], Mapping[str, Prediction]]
    packages: Packages
    groups: Groups
    versions: TableVersions
    engine: Engine
    documents: Documents
    gate: Gate
    bucket: str

    def prediction(self, name: str) -> Prediction:
        """The declared prediction of that name.

        Raises:
            ResourceNotFound: no file declares it.
        """
        declared = self.predictions()
        found = declared.get(name)
        if found is None:
            known = ", ".join(sorted(declared)) or "none"
            raise ResourceNotFound(
                f"prediction: {name[:80]!r} is not declared in this stage (declared: {known}). Add "
                "its file to predictions/ and deploy"
            )
        return found

    def plan(self, asked: Asked) -> int | None:
        """The instant to score; ``None`` where nothing is due, or a pause keeps it.

        Raises:
            ValidationError: the instant is in the future.
        """
        prediction = self.prediction(asked.prediction)
        now = self.runs.clock()
        if asked.as_of is not None:
            if asked.as_of > now:
                raise ValidationError(
                    f"as_of: {stamp(asked.as_of)} is after {stamp(now)}, which is now: records of "
                    "then are not known"
                )
            return asked.as_of
        if asked.redrive:
            return next(self._given_up(prediction, now), None)
        position = self.runs.ledger.position(prediction.name)
        return None if position is not None and position.paused else now // MINUTE * MINUTE

    def claim(
        self, prediction: Prediction, as_of: int, owner: str, takes: tuple[State, ...] = DUE
    ) -> IntervalItem | None:
        """Take a run; ``None`` where another one has it, or it is done."""
        item = IntervalItem(prediction.name, prediction.revision, interval_of(as_of))
        now = self.runs.clock()
        if self.runs.ledger.position(prediction.name) is None:
            self.runs.ledger.move(Position(prediction.name, prediction.revision, BEGINNING))
        return self.runs.ledger.claim(item, Claim(owner, now, takes), now + LEASE)

    def pin(self, item: IntervalItem) -> Pin:
        """What the run works with: chosen by its first attempt, the same for all others.

        Raises:
            ResourceNotFound, ValidationError: there is no such model or group, or they do not fit.
            SnapshotGone: the source has no table.
        """
        self.runs.hold(item)
        address = Folders.of(self.bucket, item).pin
        body = self.documents.read(address)
        if body is not None:
            return pin_from_json(body)
        found = self._chosen(self.prediction(item.pipeline), item.interval.until)
        self.documents.write(address, pin_to_json(found))
        return found

    def read(self, item: IntervalItem, remaining: Remaining, *, again: bool = False) -> list[int]:
        """Have the records written, unless an attempt has; the shards that have no scores yet.

        With ``again`` all shards are scored.

        Raises:
            StillRunning, QueryFailed: as ``Engine``.
            SnapshotGone: the pinned snapshot has expired.
        """
        self.runs.hold(item)
        folders, pin = Folders.of(self.bucket, item), self.pin(item)
        if self.documents.read(folders.records) is None:
            self._write_records(item, pin, folders, remaining)
        self.runs.hold(item, SCORING_LEASE)
        done = set() if again else self._scored(folders)
        return [shard for shard in range(pin.shards) if shard not in done]

    def check(self, item: IntervalItem) -> GateReport:
        """The gate's report, which is written too; a shard that has no scores has failed."""
        self.runs.hold(item)
        folders, pin = Folders.of(self.bucket, item), self.pin(item)
        prediction = self.prediction(item.pipeline)
        done = self._counts(folders, self._scored(folders))
        lacking = [shard for shard in range(pin.shards) if shard not in done]
        failed = [
            FailedShard(shard, self._cause(folders, shard) if place < _MOST_CAUSES else _IN_LOG)
            for place, shard in enumerate(lacking)
        ]
        report = self.gate.judge(
            prediction, item, pin, (done, failed), (folders, self._earlier(prediction, item))
        )
        self.documents.write(folders.report, report_to_json(report))
        return report

    def release(self, item: IntervalItem, *, again: bool = False) -> Released:
        """Put scores that passed the gate where they are read, and say what is to be published."""
        self.runs.hold(item, SCORING_LEASE)
        folders, pin = Folders.of(self.bucket, item), self.pin(item)
        done = self._counts(folders, self._scored(folders))
        for shard in sorted(done):
            self.documents.copy(folders.part(shard), f"{folders.published(pin)}{part_name(shard)}")
        return released(item, folders, pin, done, again=again)

    def record(self, item: IntervalItem, rows: int) -> bool:
        """Note that a run is published; whether it still was its owner's."""
        is_held = self.runs.end(replace(item, keys=rows), State.PUBLISHED, rows=rows)
        ledger, at = self.runs.ledger, item.interval.until
        position = ledger.position(item.pipeline)
        if position is None or position.published_until < at or position.revision < item.revision:
            ledger.move(Position(item.pipeline, item.revision, at))
        return is_held

    def fail(self, item: IntervalItem, state: State, cause: str) -> bool:
        """Note that nothing of a run is published, and why."""
        return self.runs.end(item, state, rows=None, cause=cause[:LONGEST_CAUSE])

    def ages(self) -> Iterator[tuple[str, int]]:
        """How old the newest published run of each prediction with ``freshness`` is.

        In microseconds; of one that has published nothing it is its whole life, since the epoch.
        """
        now = self.runs.clock()
        for name, prediction in self.predictions().items():
            if prediction.freshness is not None:
                position = self.runs.ledger.position(name)
                until = max(0, position.published_until) if position is not None else 0
                yield name, now - until

    def _chosen(self, prediction: Prediction, as_of: int) -> Pin:
        package = chosen(prediction, self.packages)
        served = served_by(prediction, package)
        group = self._source(prediction)
        assert served.features is not None  # noqa: S101 (served_by has seen to it)
        read = read_features(prediction, group, served.features)
        table = FeatureTable.of(group)
        version = _pinnable(group, self.versions.current(table))
        ttl = group.online.ttl if group.online is not None else None
        return Pin(
            as_of=as_of,
            group=prediction.model.group,
            version=package.version,
            model=served,
            source=group.name,
            uid=group.uid,
            snapshot=version.snapshot_id,
            database=table.database,
            table=table.table,
            columns=version.columns,
            read=read,
            since=as_of * 1000 - ttl.nanos + 1 if ttl is not None else None,
            shards=shards_of(version.rows, prediction.shard_rows),
            created=table.created,
            scores=prediction.scores,
            target=prediction.target,
        )

    def _source(self, prediction: Prediction) -> FeatureGroup:
        group = self.groups.get(prediction.source)
        if group is None:
            raise ResourceNotFound(
                f"source.group: {prediction.source[:80]!r}, which prediction {prediction.name} "
                "scores, is no feature group of this stage"
            )
        return group

    def _write_records(
        self, item: IntervalItem, pin: Pin, folders: Folders, remaining: Remaining
    ) -> None:
        if pin.snapshot is not None:
            self.versions.check(pin.database, pin.table, pin.snapshot)
        folder = folders.attempt(item.attempts)
        for shards in folders_of(pin):
            part = f"{folder}from-{shards.start:05}/"
            query = records_query(pin, shards)
            self.engine.unload(
                query, part, f"{item.run_id}/{shards.start}", remaining, partition_by=(SHARD,)
            )
        self.documents.write(folders.records, folder.encode())

    def _given_up(self, prediction: Prediction, now: int) -> Iterator[int]:
        """The instants of runs that failed, are blocked or lost their execution, newest first."""
        items = self.runs.ledger.intervals(prediction.name, prediction.revision, BEGINNING)
        for item in reversed(list(items)):
            is_dead = item.state is State.RUNNING and item.lease_until < now
            if is_dead or item.state in (State.FAILED, State.BLOCKED):
                yield item.interval.until

    def _scored(self, folders: Folders) -> set[int]:
        """The shards whose part lies there: it is written last."""
        found = (address for address, _ in self.documents.listed(folders.scores))
        return {int(each.rpartition("part-")[2].partition(".")[0]) for each in found}

    def _cause(self, folders: Folders, shard: int) -> str:
        told = self.documents.read(folders.failure(shard))
        return _IN_LOG if told is None else told.decode(errors="replace")

    def _counts(self, folders: Folders, shards: set[int]) -> dict[int, Counts]:
        found: dict[int, Counts] = {}
        for shard in sorted(shards):
            body = self.documents.read(folders.counts(shard))
            if body is not None:
                found[shard] = counts_from_json(body)
        return found

    def _earlier(self, prediction: Prediction, item: IntervalItem) -> list[str]:
        """The parts of the last published run before this one, where drift is judged by it."""
        if prediction.drift is None:
            return []
        ledger = self.runs.ledger
        before = [
            each
            for each in ledger.intervals(prediction.name, prediction.revision, BEGINNING)
            if each.state is State.PUBLISHED and each.interval.until < item.interval.until
        ]
        if not before:
            return []
        folders = Folders.of(self.bucket, before[-1])
        return [address for address, _ in self.documents.listed(folders.scores)]


def _pinnable(group: FeatureGroup, version: TableVersion) -> TableVersion:
    """The version, where it can be read again later."""
    if version.snapshot_id is None and not version.empty:
        raise ValidationError(
            f"source.group: the history of {group.name} is of format Glue, which has no snapshots "
            "to pin: make its group with table_format Iceberg"
        )
    return version
