"""One writer commits for all that wait, over fakes of its ports."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Condition, Lock

import pytest

from larder.backoff import Backoff
from larder.errors import AccessForbidden, ServiceUnavailable, ThrottlingException
from larder.offline import one_committer
from larder.offline.one_committer import OneCommitter, Staged
from larder.offline.ports import Appended, TableUnusable
from tests.support.deadlines import PATIENCE
from tests.support.groups import feature_group
from tests.support.offline import row, seconds

CUSTOMERS = feature_group()
AWAY = [ServiceUnavailable("away"), ThrottlingException("slower"), AccessForbidden("no")]


@dataclass
class Tables:
    """A table in memory; ``refused`` are identifiers that it can't take."""

    rows: dict = field(default_factory=dict)
    commits: list = field(default_factory=list)
    refused: set = field(default_factory=set)
    error: Exception | None = None
    created: list = field(default_factory=list)

    def create(self, group):
        self.created.append(group)

    def evolve(self, group, *, remaining):
        self.created.append(group)

    def append(self, group, rows, *, remaining):
        self.commits.append([each.identifier for each in rows])
        if self.error:
            raise self.error
        if self.refused & {each.identifier for each in rows}:
            raise ValueError("a row that can't be written")
        fresh = {each.key: each for each in rows if each.key not in self.rows}
        self.rows |= fresh
        return Appended(len(fresh), len(rows) - len(fresh), 1)


@dataclass
class Leases:
    now: float = 0.0
    held: dict = field(default_factory=dict)
    error: Exception | None = None
    lock: Lock = field(default_factory=Lock)

    def take(self, uid, owner, *, seconds):
        if self.error:
            raise self.error
        with self.lock:
            if uid in self.held and self.held[uid][1] > self.now:
                return False
            self.held[uid] = (owner, self.now + seconds)
            return True

    def release(self, uid, owner):
        with self.lock:
            if self.held.get(uid, ("", 0))[0] == owner:
                del self.held[uid]


@dataclass
class StagedRows:
    there: dict = field(default_factory=dict)
    changed: Condition = field(default_factory=Condition)
    numbers: count = field(default_factory=count)
    error: Exception | None = None
    taken: list = field(default_factory=list)

    def put(self, group, rows):
        if self.error:
            raise self.error
        with self.changed:
            key = f"{next(self.numbers):04}"
            self.there[key] = Staged(key, group.schema_version, rows)
            self.changed.notify_all()
        return key

    def is_waiting(self, key):
        return key in self.there

    def of(self, group):
        for each in sorted(self.there.values(), key=lambda staged: staged.key):
            self.taken.append(each.key)
            yield each

    def remove(self, keys):
        for key in keys:
            self.there.pop(key, None)

    def wait_for(self, number):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.there) == number, PATIENCE)


@dataclass
class Bench:
    tables: Tables = field(default_factory=Tables)
    leases: Leases = field(default_factory=Leases)
    staged: StagedRows = field(default_factory=StagedRows)
    ids: count = field(default_factory=count)

    def writer(self):
        pauses = Backoff(first=0.001, longest=0.01)
        new_id = lambda: f"writer-{next(self.ids)}"  # noqa: E731
        return OneCommitter(self.tables, self.leases, self.staged, new_id, pauses)

    def append(self, *identifiers, group=CUSTOMERS, left=PATIENCE):
        rows = [row(each) for each in identifiers]
        return self.writer().append(group, rows, remaining=seconds(left))

    def hold(self):
        """Take the lease for somebody else."""
        assert self.leases.take(CUSTOMERS.uid, "another", seconds=60)

    def let_go(self):
        self.leases.release(CUSTOMERS.uid, "another")


@pytest.fixture
def bench():
    return Bench()


def test_a_writer_alone_commits_at_once_and_stages_nothing(bench):
    assert bench.append("a", "b") == Appended(2, 0, 1)
    assert bench.append("b", "c") == Appended(1, 1, 1)
    assert (bench.staged.taken, bench.leases.held) == ([], {})


def test_whichever_gets_the_lease_commits_for_all_that_wait(bench):
    bench.hold()
    with ThreadPoolExecutor(15) as threads:
        waiting = [threads.submit(bench.append, f"c{n}") for n in range(15)]
        bench.staged.wait_for(15)
        assert bench.tables.commits == []
        bench.let_go()
        done = [each.result(PATIENCE) for each in waiting]
    assert [sorted(each) for each in bench.tables.commits] == [sorted(f"c{n}" for n in range(15))]
    assert sorted(done, key=lambda each: each.rows) == [
        *[Appended(0, 0, None, by_others=1)] * 14,
        Appended(15, 0, 1),
    ]
    assert (bench.staged.there, bench.leases.held) == ({}, {})


def test_rows_that_another_table_waits_for_are_left_alone(bench):
    other = replace(CUSTOMERS, name="orders", uid="uorders")
    bench.hold()
    assert bench.append("a", group=other) == Appended(1, 0, 1)


def test_the_lease_of_a_writer_that_died_runs_out(bench):
    bench.hold()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bench.append, "a")
        bench.staged.wait_for(1)
        bench.leases.now = 61
        assert waiting.result(PATIENCE) == Appended(1, 0, 1)


def test_what_a_dead_writer_had_staged_is_committed_by_the_next_that_waits(bench):
    bench.staged.put(CUSTOMERS, [row("dead")])
    bench.hold()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bench.append, "a")
        bench.staged.wait_for(2)
        bench.let_go()
        assert waiting.result(PATIENCE).rows == 2
    assert {key[0] for key in bench.tables.rows} == {"a", "dead"}
    assert bench.staged.there == {}


def waited(bench, *identifiers, group=CUSTOMERS):
    """What a writer comes to that has to wait for the lease, beside what is staged already."""
    before = len(bench.staged.there)
    bench.hold()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bench.append, *identifiers, group=group)
        bench.staged.wait_for(before + 1)
        bench.let_go()
        return waiting.result(PATIENCE)


def test_rows_of_another_that_can_not_be_written_hold_nobody_up(bench):
    poison = bench.staged.put(CUSTOMERS, [row("poison")])
    bench.tables.refused.add("poison")
    assert waited(bench, "a") == Appended(1, 0, 1)
    assert bench.tables.commits == [["a", "poison"], ["a"]]
    assert list(bench.staged.there) == [poison]


def test_rows_of_a_schema_that_the_writer_does_not_know_wait_for_one_that_does(bench):
    newer = replace(CUSTOMERS, features=(*CUSTOMERS.features, CUSTOMERS.features[-1]))
    theirs = bench.staged.put(newer, [row("newer")])
    assert waited(bench, "a").rows == 1
    assert list(bench.staged.there) == [theirs]
    assert waited(bench, "b", group=newer).rows == 2
    assert bench.staged.there == {}


def test_a_commit_takes_so_many_rows_and_leaves_the_rest(bench, monkeypatch):
    monkeypatch.setattr(one_committer, "MOST_ROWS", 3)
    bench.staged.put(CUSTOMERS, [row("a"), row("b")])
    left = bench.staged.put(CUSTOMERS, [row("c")])
    assert waited(bench, "d").rows == 3
    assert list(bench.staged.there) == [left]


@pytest.mark.parametrize("error", [*AWAY, TableUnusable("gone"), RuntimeError("strange")])
def test_a_failure_of_the_table_is_the_writers_and_its_rows_are_its_own_to_write(bench, error):
    bench.tables.error = error
    with pytest.raises(type(error), match=str(error)):
        bench.append("a")
    with pytest.raises(type(error), match=str(error)):
        waited(bench, "b")
    assert bench.leases.held == {}


@pytest.mark.parametrize("error", AWAY)
def test_without_leases_or_staging_writers_commit_as_best_they_can(bench, error):
    bench.leases.error = error
    assert bench.append("a") == Appended(1, 0, 1)
    bench.leases.error, bench.staged.error = None, error
    bench.hold()
    assert bench.append("b") == Appended(1, 0, 1)


def test_a_writer_whose_time_is_over_says_so_and_leaves_its_rows(bench):
    bench.hold()
    with pytest.raises(ServiceUnavailable, match="other writers have it"):
        bench.append("a", left=-1)
    assert (bench.tables.commits, len(bench.staged.there)) == ([], 1)


def test_tables_are_made_and_widened_by_the_tables_themselves(bench):
    bench.writer().create(CUSTOMERS)
    bench.writer().evolve(CUSTOMERS, remaining=seconds(1))
    assert bench.tables.created == [CUSTOMERS, CUSTOMERS]
