"""Whether a group's online store and its history agree, record by record; and their repair.

The order of reading keeps what is under way apart. First the watermark is read, then the newest
versions of the history at a snapshot, then the online store. So what the watermark covers must be
in the history that is read. What the history has must be online by then, bulk loads apart.

Both sides come in one order, shard by shard, and are merged: memory holds a page of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from larder.as_of.athena import unload
from larder.as_of.latest import newest_version_query
from larder.errors import ValidationError
from larder.event_time import nanos_to_iso
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.offline.feature_table import FeatureTable, write_time_doubt
from larder.offline.queries import Queries, TableVersions
from larder.progress import Progress, Report
from larder.reconciliation.judge import Cause, Judge, Kind, Newest
from larder.reconciliation.ports import NewestFiles, Place
from larder.reconciliation.repair import Found, Repair
from larder.records.codec import unpack
from larder.records.ports import RecordPages, Write
from larder.records.record import RecordVersion
from larder.records.values import slot_of

EXAMPLES = 5
"""How many identifiers of each kind a report names."""
GRACE_SECONDS = 900.0
"""How long a version may be under way where nothing proves that it has arrived."""
_PAGE = 250
_REPORTED = 10_000
Pair = tuple[RecordVersion | None, Newest | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is compared.

    Attributes:
        since, until: only records of which either side's newest version was accepted in this
            time, in microseconds since the epoch; both ends are included.
        sample: how many of the group's shards are compared; ``None`` for all.
        grace_seconds: how long a version may be under way where nothing proves its arrival.

    Raises:
        ValidationError: the instants are reversed, or a number is out of its range.
    """

    since: int | None = None
    until: int | None = None
    sample: int | None = None
    grace_seconds: float = GRACE_SECONDS

    def __post_init__(self) -> None:
        """Check them together."""
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValidationError("--until is before --since: no version was accepted in between")
        if self.sample is not None and self.sample < 1:
            raise ValidationError(f"--sample: {self.sample} must be at least 1 shard")
        if not self.grace_seconds >= 0:
            raise ValidationError(f"--grace: {self.grace_seconds} must be 0 seconds or more")

    def has(self, online: RecordVersion | None, newest: Newest | None) -> bool:
        """Whether a record is asked for."""
        if self.since is None and self.until is None:
            return True
        sides = (online, newest.version if newest else None)
        return any(self._includes(each.write_time) for each in sides if each is not None)

    def _includes(self, micros: int) -> bool:
        after = self.since is None or micros >= self.since
        return after and (self.until is None or micros <= self.until)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Until when (µs) the history is complete, where that is known; otherwise why it is not."""

    watermark: int | None
    note: str = ""


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """What a reconciliation found and repaired.

    Attributes:
        group: its name.
        at: when the history was read, ISO-8601 in UTC.
        shards: how many of the group's shards were compared.
        compared: how many records were compared, of either side.
        differences: how many of them differ, by kind.
        features: of the records with other values, how many differ in each feature.
        uncompared: how many records were not compared, by cause.
        repaired: how many differences are repaired, by kind.
        superseded: how many a newer write or a deletion had settled before the repair.
        examples: the first identifiers of each kind.
        bytes_scanned: what Athena read.
        notes: what limits the result.
        problems: why differences were not repaired.
    """

    group: str
    at: str
    shards: int
    compared: int = 0
    differences: dict[Kind, int] = field(default_factory=Counter)
    features: dict[str, int] = field(default_factory=Counter)
    uncompared: dict[Cause, int] = field(default_factory=Counter)
    repaired: dict[Kind, int] = field(default_factory=Counter)
    superseded: dict[Kind, int] = field(default_factory=Counter)
    examples: dict[Kind, list[str]] = field(default_factory=dict)
    bytes_scanned: int = 0
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def different(self) -> int:
        """How many records differed when they were compared."""
        return sum(self.differences.values())

    @property
    def remaining(self) -> int:
        """How many still differ after repairs."""
        settled = sum(self.repaired.values()) + sum(self.superseded.values())
        return max(0, self.different - settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The use case.

    Attributes:
        arrived: until when a group's history is complete.
        repair: opens the repair of a group whose history was read at that instant (ns).
        note: hears of each record that differs: its kind and its identifier.
        clock: nanoseconds since the epoch.
        new_id: unused names, which also choose the shards of a sample.
    """

    versions: TableVersions
    queries: Queries
    files: NewestFiles
    pages: RecordPages
    arrived: Callable[[FeatureGroup], Arrived]
    repair: Callable[[FeatureGroup, int], Repair]
    clock: Callable[[], int]
    new_id: Callable[[], str]
    note: Callable[[Kind, str], None] = lambda _kind, _identifier: None

    def run(
        self, group: FeatureGroup, asked: Asked, report: Report, *, repair: bool = False
    ) -> Reconciled:
        """Compare a group's two stores; with ``repair`` make them agree.

        Raises:
            ValidationError: the group lacks one of the two stores.
            QueryFailed: Athena ended the query without a result.
            ThrottlingException, ServiceUnavailable: a store did not answer; run it again.
        """
        _check(group)
        table, arrived, began = FeatureTable.of(group), self.arrived(group), self.clock()
        shards = self._shards(group, asked.sample)
        found = Reconciled(group=group.name, at=nanos_to_iso(began), shards=len(shards))
        found.notes = [arrived.note] if arrived.note else []
        repairs = self.repair(group, began) if repair else None
        query = newest_version_query(table, self.versions.current(table))
        location = self.files.location(group, self.new_id())
        judge = _judge(group, arrived, began // 1000, asked)
        try:
            found.bytes_scanned = self.queries.run(unload(query, location), report).bytes_scanned
            with self.files.ordered(group, location, shards) as history:
                for pair in self._pairs(group, shards, history, report):
                    if asked.has(*pair):
                        self._compare(judge, pair, found, repairs)
        finally:
            self.files.remove(location)
        return _ended(found, repairs)

    def _compare(self, judge: Judge, pair: Pair, found: Reconciled, repairs: Repair | None) -> None:
        online, newest = pair
        verdict = judge.verdict(online, newest, self.clock())
        if isinstance(verdict, Cause):
            found.uncompared[verdict] += 1
            return
        found.compared += 1
        if verdict is None:
            return
        difference = _found(judge.group, verdict, online, newest)
        identifier = _identifier(difference)
        found.differences[verdict] += 1
        examples = found.examples.setdefault(verdict, [])
        if len(examples) < EXAMPLES:
            examples.append(identifier)
        if verdict is Kind.DIFFERENT and online is not None and newest is not None:
            for feature in judge.differing(online, newest):
                found.features[feature] += 1
        self.note(verdict, identifier)
        if repairs is not None:
            repairs.add(difference)

    def _pairs(
        self,
        group: FeatureGroup,
        shards: Collection[int],
        history: Iterator[tuple[Place, Newest]],
        report: Report,
    ) -> Iterator[Pair]:
        """Each record of either side."""
        began = self.clock()
        for seen, pair in enumerate(_merged(self._online(group, shards), history)):
            if seen % _REPORTED == 0:
                report(Progress("compare", seconds=(self.clock() - began) / 1e9, rows=seen))
            yield pair

    def _online(
        self, group: FeatureGroup, shards: Collection[int]
    ) -> Iterator[tuple[Place, RecordVersion]]:
        for shard in sorted(shards):
            after: str | None = None
            while True:
                page = self.pages.shard(group.uid, shard, after=after, limit=_PAGE)
                for position, version in page.entries:
                    yield (shard, position), version
                if page.last is None:
                    break
                after = page.last

    def _shards(self, group: FeatureGroup, sample: int | None) -> Collection[int]:
        every = range(group.shards)
        if sample is None or sample >= group.shards:
            return every
        salt = self.new_id()
        return sorted(every, key=lambda each: sha256(f"{salt}{each}".encode()).digest())[:sample]


def _merged(
    online: Iterator[tuple[Place, RecordVersion]], history: Iterator[tuple[Place, Newest]]
) -> Iterator[Pair]:
    """What both sides have at each place; both are in the order of places."""
    one, other = next(online, None), next(history, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            yield (one[1] if one else None), None
            one = next(online, None)
        elif one is None or other[0] < one[0]:
            yield None, other[1]
            other = next(history, None)
        else:
            yield one[1], other[1]
            one, other = next(online, None), next(history, None)


def _judge(group: FeatureGroup, arrived: Arrived, began: int, asked: Asked) -> Judge:
    loaded = began - int(asked.grace_seconds * 1_000_000)
    settled = loaded if arrived.watermark is None else arrived.watermark
    return Judge(group=group, settled=settled, loaded=loaded, doubt=write_time_doubt(group))


def _found(
    group: FeatureGroup, kind: Kind, online: RecordVersion | None, newest: Newest | None
) -> Found:
    history = newest.version if newest else None
    return Found(
        kind,
        _placed(group, online) if online else None,
        _placed(group, history) if history else None,
    )


def _placed(group: FeatureGroup, version: RecordVersion) -> Write:
    """A version with its slot; a page's versions do not have their identifier."""
    ordinal = group.ordinals[group.record_identifier_name]
    slot = slot_of(group, str(unpack(version.packed)[ordinal]))
    return slot, replace(version, identifier=slot.identifier)


def _identifier(found: Found) -> str:
    write = found.online or found.history
    return write[0].identifier if write else ""


def _ended(found: Reconciled, repairs: Repair | None) -> Reconciled:
    """The whole result, its counts in plain dictionaries, of which documents can be made."""
    if repairs is not None:
        repairs.end()
        found.repaired, found.superseded = repairs.repaired, repairs.superseded
    return replace(
        found,
        problems=repairs.problems[:EXAMPLES] if repairs else [],
        differences=dict(found.differences),
        features=dict(found.features),
        uncompared=dict(found.uncompared),
        repaired=dict(found.repaired),
        superseded={kind: number for kind, number in found.superseded.items() if number},
    )


def _check(group: FeatureGroup) -> None:
    if lacking := frozenset(TargetStore) - group.stores:
        raise ValidationError(
            f"FeatureGroup {group.name} has no {' and no '.join(sorted(lacking))}: reconciliation "
            "compares the one with the other"
        )
