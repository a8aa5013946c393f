"""After a restore, what was deleted since stays deleted; all else is as the restore left it."""

import random
from copy import deepcopy
from dataclasses import replace

import pytest

from larder.backoff import Backoff
from larder.errors import ServiceUnavailable, ThrottlingException, ValidationError
from larder.event_time import NANOS
from larder.groups.feature_group import TtlDuration
from larder.ingestion.adapters.versions import VersionRows
from larder.materialization.adapters.latest_files import tombstones
from larder.materialization.redelete import Redeletion
from larder.offline.erased_marks import Marks, mark_of
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.offline.queries import QueryRun
from larder.offline.rows import Due, row_of
from larder.progress import silent
from larder.records.read import RecordReader
from larder.records.record import State
from larder.records.values import slot_of
from larder.records.write import DeleteRecord, PutRecord, RecordWriter
from larder.testing.records import MemoryRecordStore
from tests.support.as_of import arrow_on_duckdb, history_table
from tests.support.groups import feature_group, group_settings

GROUP = feature_group()
NAMES = [f"c{number}" for number in range(6)]
BEGIN = 1_700_000_000 * NANOS


class Clock:
    def __init__(self):
        self.nanos = BEGIN

    def __call__(self):
        self.nanos += 1_000_000
        return self.nanos


class World:
    """A group's store and its history, which has every accepted version and every expiry."""

    def __init__(self, group=GROUP):
        self.group, self.clock = group, Clock()
        self.store, self.expired = MemoryRecordStore(), []
        self.events = 0
        self.use(self.store)

    def use(self, store):
        self.online = store
        settings = group_settings(self.group)
        self.writer = RecordWriter(store, settings, self.clock)
        self.reader = RecordReader(store, settings, self.clock)

    def put(self, name, event=None, **more):
        record = [("customer_id", name), ("event_time", self.at(event)), ("city", name)]
        self.writer.put(PutRecord(self.group.name, record, **more))

    def delete(self, name, event=None, *, hard=False):
        request = DeleteRecord(self.group.name, name, self.at(event), hard)
        try:
            self.writer.delete(request)
        except ValidationError:  # a hard delete that is not later than the record
            assert hard

    def at(self, event):
        self.events = self.events + 1 if event is None else self.events
        second = self.events if event is None else event
        return f"2024-01-01T00:{second // 60:02d}:{second % 60:02d}Z"

    def restore(self, copy):
        """Whatever was accepted since the copy is undone online; the history keeps it."""
        self.history = self.rows()
        self.use(copy)

    def rows(self):
        logged = list(self.store.logged.values())
        versions = [each for _, each in self.store.accepted] + logged
        rows = [row_of(Due(each), self.group) for each in versions if each.offline]
        return [*rows, *(row_of(Due(each, expiry=True), self.group) for each in self.expired)]

    def seen(self, name):
        found = self.reader.get(self.group.name, name, None)
        return None if found is None else dict(found.values)["event_time"]

    def redelete(self, since, until=None, *, marks=None, writes=None, **more):
        self.erased = []
        return Redeletion(
            versions=self,
            queries=self,
            files=self,
            writes=writes or self.online,
            pages=self.online,
            marks=lambda _group: marks or Marks(),
            erase=lambda _group, identifier: self.erased.append(identifier),
            clock=self.clock,
            new_id=lambda: "id",
            backoff=Backoff(sleep=lambda _seconds: None),
        ).run(self.group, since=since, until=until, report=silent, **more)

    # the ports: the query runs on DuckDB, as on the local Athena

    def current_version(self):
        return TableVersion(None, frozenset(each.name for each in self.group.features))

    def current(self, _table):
        return self.current_version()

    def run(self, sql, _report):
        self.sql = sql.removeprefix("UNLOAD (\n").rpartition("\n) TO ")[0]
        return QueryRun("q", 0.1, 10)

    def location(self, _group, name):
        return f"s3://lake/{name}/"

    def deletions(self, _group, _location):
        table = FeatureTable.of(self.group)
        found = arrow_on_duckdb(self.sql, {table.table: history_table(table, self.history)})
        columns = VersionRows(self.group, recorded=True)
        for batch in found.combine_chunks().to_batches():
            yield tombstones(columns, batch)

    def remove(self, _location):
        self.removed = True


def newest(rows, until=None):
    """By identifier the newest row of the history, among those accepted until then."""
    found = {}
    for row in rows:
        order = (row.event_time, not row.is_deleted, row.write_time)
        if (until is None or row.write_time <= until) and (
            row.identifier not in found or order > found[row.identifier][0]
        ):
            found[row.identifier] = (order, row)
    return {name: row for name, (_, row) in found.items()}


def act(world, dice):
    name, event = dice.choice(NAMES), dice.choice([None, dice.randrange(40)])
    if dice.random() < 0.6:
        world.put(name, event)
    else:
        world.delete(name, event, hard=dice.random() < 0.5)


@pytest.mark.parametrize("seed", range(12))
def test_what_was_deleted_since_the_restored_instant_is_deleted_and_nothing_else(seed):
    dice, world = random.Random(seed), World()
    for _ in range(25):
        act(world, dice)
    since, copy = world.clock() // 1000, deepcopy(world.store)
    for _ in range(25):
        act(world, dice)
    world.restore(copy)
    before = {name: world.seen(name) for name in NAMES}
    gone = {
        name
        for name, row in newest(world.history).items()
        if row.is_deleted and row.write_time >= since
    }
    done = world.redelete(since)
    again = world.redelete(since)
    assert {name: world.seen(name) for name in NAMES} == {
        name: None if name in gone else seen for name, seen in before.items()
    }
    assert (done.deletions, done.repeated, done.newer) == (len(gone), len(gone), 0)
    assert (again.deletions, again.repeated, again.newer) == (len(gone), len(gone), 0)
    stored = [each for _, each in world.online.records.items()]
    repeated = [each for each in stored if each.write_time >= since]
    assert all(each.recorded and each.state is State.SOFT_DELETED for each in repeated)


def test_some_deletions_of_the_random_histories_would_come_back_without_it():
    came_back = 0
    for seed in range(12):
        dice, world = random.Random(seed), World()
        for _ in range(25):
            act(world, dice)
        since, copy = world.clock() // 1000, deepcopy(world.store)
        for _ in range(25):
            act(world, dice)
        world.restore(copy)
        came_back += sum(
            row.is_deleted and row.write_time >= since and world.seen(name) is not None
            for name, row in newest(world.history).items()
        )
    assert came_back > 5


@pytest.fixture
def restored():
    """``a`` was deleted soft and ``b`` hard after the instant; ``c`` lives, ``d`` was wronged."""
    world = World()
    for name in "abcd":
        world.put(name)
    world.since, copy = world.clock() // 1000, deepcopy(world.store)
    world.delete("a")
    world.delete("b", hard=True)
    world.until = world.clock() // 1000
    world.delete("d")
    world.restore(copy)
    return world


def visible(world):
    return {name for name in "abcd" if world.seen(name)}


def test_deletions_soft_and_hard_are_repeated_and_a_dry_run_changes_nothing(restored):
    dry = restored.redelete(restored.since, dry_run=True)
    assert (dry.deletions, dry.repeated, dry.newer) == (3, 0, 0)
    assert visible(restored) == set("abcd")
    done = restored.redelete(restored.since)
    assert (done.deletions, done.repeated, done.newer, done.bytes_scanned) == (3, 3, 0, 10)
    assert visible(restored) == {"c"} and restored.removed


def test_deletions_that_were_the_damage_are_left_out_by_until(restored):
    restored.redelete(restored.since, restored.until)
    assert visible(restored) == {"c", "d"}


def test_a_record_that_was_put_anew_after_the_restore_stays(restored):
    restored.put("a")
    done = restored.redelete(restored.since)
    assert (done.deletions, done.repeated, done.newer) == (3, 2, 1)
    assert visible(restored) == {"a", "c"}


def test_the_end_of_a_time_to_live_is_no_deletion():
    world = World()
    world.put("a")
    expiring = replace(world.store.accepted[0][1], expires_at=1_704_070_000 * NANOS)
    since, copy = world.clock() // 1000, deepcopy(world.store)
    world.expired.append(expiring)
    world.restore(copy)
    assert newest(world.history)["a"].is_deleted
    assert world.redelete(since).deletions == 0
    assert world.seen("a")


def test_what_was_erased_since_is_erased_again_and_what_was_put_after_that_is_not(restored):
    group, time = restored.group, restored.until
    earlier = restored.since - 1
    marks = Marks(
        {
            mark_of(group.uid, "c"): time,
            mark_of(group.uid, "b"): earlier,
            mark_of(group.uid, "nobody"): time,
        }
    )
    done = restored.redelete(restored.since, marks=marks)
    assert (done.erased, restored.erased) == (1, ["c"])
    restored.put("c")
    assert restored.redelete(restored.since, marks=marks).erased == 0
    dry = restored.redelete(restored.since, marks=marks, dry_run=True)
    assert (dry.erased, restored.erased) == (0, [])


class Busy:
    """A store that refuses each deletion a few times, or always."""

    def __init__(self, store, times):
        self.store, self.times = store, times

    def put_all(self, writes, *, now_nanos):
        self.times -= 1
        if self.times < 0:
            return self.store.put_all(writes, now_nanos=now_nanos)
        first = self.store.put_all(writes[:1], now_nanos=now_nanos)
        return [*first, *(ThrottlingException("slow") for _ in writes[1:])]


def test_refused_deletions_are_tried_again(restored):
    done = restored.redelete(restored.since, writes=Busy(restored.online, 2))
    assert (done.repeated, visible(restored)) == (3, {"c"})


def test_a_store_that_always_refuses_is_told(restored):
    class Never:
        def put_all(self, writes, *, now_nanos):
            restored.clock.nanos += 10**11
            return [ServiceUnavailable("silent") for _ in writes]

    with pytest.raises(ServiceUnavailable, match="run it again"):
        restored.redelete(restored.since, writes=Never())


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"offline": None}, "no OfflineStore"), ({"online": None}, "no OnlineStore"), ({}, "--until")],
)
def test_what_can_not_be_repeated_is_refused(restored, changes, words):
    restored.group = feature_group(**changes)
    with pytest.raises(ValidationError, match=words):
        restored.redelete(restored.since, restored.since - 1)


def test_a_group_with_a_time_to_live_has_its_deletions_repeated_past_it():
    group = feature_group(online=replace(GROUP.online, ttl=TtlDuration("Days", 365_000 // 365)))
    world = World(group)
    world.put("a")
    since, copy = world.clock() // 1000, deepcopy(world.store)
    world.delete("a")
    world.restore(copy)
    assert world.redelete(since).repeated == 1
    (slot,) = [slot_of(group, "a")]
    assert world.online.records[slot].expires_at is None
