"""Several writers of the same tables, one of which dies: no row is lost, and none is claimed early.

The one dies before or after each of its requests in turn: to the tables, the leases and the staged
batches. Whatever it asks for later, in any thread, does not happen. Then its batch comes again.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from larder.offline.ports import Appended, TableRows
from tests.faults.killing import Killed
from tests.support.committers import Bench, Leases, Life
from tests.support.deadlines import PATIENCE
from tests.support.groups import feature_group
from tests.support.offline import row, seconds

HELD, STAGED, FREE = GROUPS = [feature_group(name) for name in ("held", "staged", "free")]
WRITERS = 3
WHEN = pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
STAGES = pytest.mark.parametrize("at_once", [1, 2, 8], ids=["one thread", "two", "staged late"])


def batch_of(writer):
    return [TableRows(group, [row(f"w{writer}")]) for group in GROUPS]


class Run(Bench):
    """Writers of which one lives until its ``life`` is over."""

    def write(self, writer, at_once, life=None):
        """Write its batch; what it claims to be in the tables is there at that moment."""
        batch = batch_of(writer)
        committer = self.writer(life, at_once)
        try:
            done = committer.append_all(batch, remaining=seconds(PATIENCE))
        except Killed:
            self.leases.dead.add(life.owner)
            return []
        for each, outcome in zip(batch, done, strict=True):
            assert isinstance(outcome, Appended)
            assert self.tables.holds(each)
        return done

    def assert_nothing_is_claimed_early(self):
        for group in GROUPS:
            for key in self.leases.committed.get(group.uid, ()):
                staged = self.staged.ever[key].rows_of(group.uid)
                assert self.tables.holds(TableRows(group, staged.rows))


class CommittedBetween(Leases):
    """Leases of which one is another writer's, who commits what is staged after the second look."""

    def look(self, uids):
        seen = super().look(uids)
        if self.looks == 2:
            staged = {key: each.rows_of(HELD.uid) for key, each in self.run.staged.there.items()}
            keys = [key for key, each in staged.items() if each]
            rows = [each for key in keys for each in staged[key].rows]
            self.run.tables.append(HELD, rows, remaining=seconds(1))
            self.release(HELD.uid, "another", keys)
        return seen


def beside_another(at_once, life):
    """A writer that waits for one table, commits another's rows to the next, and its own to all."""
    run = Run(leases=CommittedBetween())
    run.leases.run = run
    run.leases.take(HELD.uid, "another", seconds=PATIENCE)
    theirs = [TableRows(STAGED, [row("theirs")])]
    key = run.staged.put(theirs).key
    done = run.write(0, at_once, life)
    run.assert_nothing_is_claimed_early()
    if not life.over:
        assert [each.by_others for each in done] == [1, 0, 0]
        assert list(run.staged.there) == [key]
        if at_once < len(GROUPS):  # with more threads a free table is written before one looks
            assert all(map(run.tables.holds, theirs))
        return
    run.leases.release(HELD.uid, "another", None)
    run.write(0, at_once)
    run.assert_nothing_is_claimed_early()
    assert len(run.staged.there) <= 2  # theirs, and what the dead one had staged


@WHEN
@STAGES
def test_a_writer_that_dies_at_any_request_beside_another_loses_nothing(at_once, before):
    at, over = 0, True
    while over:
        at += 1
        life = Life(at, before)
        beside_another(at_once, life)
        over = life.over
    assert at > 10


@pytest.fixture
def _often_interrupted():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def side_by_side(at_once, life):
    run, start = Run(), Barrier(WRITERS)

    def write(writer, life):
        start.wait(PATIENCE)
        run.write(writer, at_once, life)

    with ThreadPoolExecutor(WRITERS) as threads:
        lives = [life, *[None] * (WRITERS - 1)]
        running = [threads.submit(write, *each) for each in enumerate(lives)]
        for each in running:
            each.result(PATIENCE)
    if life.over:
        run.write(0, at_once)
    run.assert_nothing_is_claimed_early()
    assert all(run.tables.holds(each) for writer in range(WRITERS) for each in batch_of(writer))
    assert len(run.staged.there) <= (1 if life.over else 0)


@WHEN
@STAGES
@pytest.mark.usefixtures("_often_interrupted")
def test_a_writer_that_dies_among_many_loses_nothing(at_once, before):
    at, over = 0, True
    while over:
        at += 1
        life = Life(at, before)
        side_by_side(at_once, life)
        over = life.over
