"""One writer commits for all that wait, over fakes of its ports."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from larder.errors import AccessForbidden, ServiceUnavailable, ThrottlingException
from larder.offline import others, shared_batch
from larder.offline.ports import Appended, TableRows, TableUnusable
from larder.offline.turns import Lease
from tests.support import committers
from tests.support.deadlines import PATIENCE, eventually
from tests.support.groups import feature_group
from tests.support.offline import row, seconds

CUSTOMERS = feature_group()
AWAY = [ServiceUnavailable("away"), ThrottlingException("slower"), AccessForbidden("no")]
MANY = [feature_group(f"g{number}") for number in range(6)]


class Bench(committers.Bench):
    def append(self, *identifiers, group=CUSTOMERS, left=PATIENCE):
        rows = [row(each) for each in identifiers]
        return self.writer().append(group, rows, remaining=seconds(left))

    def append_all(self, identifier, groups=MANY, at_once=16, left=PATIENCE):
        batch = [TableRows(group, [row(identifier)]) for group in groups]
        return self.writer(at_once=at_once).append_all(batch, remaining=seconds(left))

    def hold(self, *groups):
        """Take the leases for somebody else."""
        for group in groups or [CUSTOMERS]:
            assert self.leases.take(group.uid, "another", seconds=60).owner == "another"

    def let_go(self, *groups):
        for group in groups or [CUSTOMERS]:
            self.leases.release(group.uid, "another", None)

    def stage(self, *identifiers, group=CUSTOMERS):
        return self.staged.put([TableRows(group, [row(each) for each in identifiers])]).key

    def wait_for(self, number):
        self.staged.wait_for(number, PATIENCE)

    def commits(self):
        return [sorted(each) for _, each in self.tables.commits]

    def identifiers(self, group=CUSTOMERS):
        return {key[0] for key in self.tables.rows[group.uid]}


@pytest.fixture
def bench():
    return Bench()


# --- one table -------------------------------------------------------------------------------------


def test_a_writer_alone_commits_at_once_and_stages_nothing(bench):
    assert bench.append("a", "b") == Appended(2, 0, 1)
    assert bench.append("b", "c") == Appended(1, 1, 1)
    assert (bench.staged.reads, bench.leases.held, bench.leases.looks) == ([], {}, 0)


def test_whichever_gets_the_lease_commits_for_all_that_wait(bench):
    bench.hold()
    with ThreadPoolExecutor(15) as threads:
        waiting = [threads.submit(bench.append, f"c{n}") for n in range(15)]
        bench.wait_for(15)
        assert bench.tables.commits == []
        bench.let_go()
        done = [each.result(PATIENCE) for each in waiting]
    assert bench.commits() == [sorted(f"c{n}" for n in range(15))]
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
        bench.wait_for(1)
        bench.leases.now = 61
        assert waiting.result(PATIENCE) == Appended(1, 0, 1)


def waited(bench, *identifiers, group=CUSTOMERS):
    """What a writer comes to that has to wait for the lease, beside what is staged already."""
    before = len(bench.staged.there)
    bench.hold()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bench.append, *identifiers, group=group)
        bench.wait_for(before + 1)
        bench.let_go()
        return waiting.result(PATIENCE)


def test_what_a_dead_writer_had_staged_is_committed_once_by_the_next_that_waits(bench):
    left = bench.stage("dead")
    assert waited(bench, "a").rows == 2
    assert bench.identifiers() == {"a", "dead"}
    assert waited(bench, "b").rows == 1
    assert bench.commits() == [["a", "dead"], ["b"]]
    assert list(bench.staged.there) == [left]  # until it expires
    del bench.staged.there[left]
    assert waited(bench, "c").rows == 1
    assert left not in bench.leases.committed[CUSTOMERS.uid]


def test_rows_of_another_that_can_not_be_written_hold_nobody_up(bench, capsys):
    poison = bench.stage("poison")
    bench.tables.refused.add("poison")
    assert waited(bench, "a") == Appended(1, 0, 1)
    assert bench.commits() == [["a", "poison"], ["a"]]
    assert list(bench.staged.there) == [poison]
    assert poison not in bench.leases.committed[CUSTOMERS.uid]
    assert "a commit with others' rows failed" in capsys.readouterr().err


def test_rows_of_a_schema_that_the_writer_does_not_know_wait_for_one_that_does(bench):
    newer = replace(CUSTOMERS, features=(*CUSTOMERS.features, CUSTOMERS.features[-1]))
    bench.stage("newer", group=newer)
    assert waited(bench, "a").rows == 1
    assert waited(bench, "b", group=newer).rows == 2
    assert bench.identifiers() == {"a", "b", "newer"}


def test_a_commit_takes_so_many_rows_and_leaves_the_rest(bench, monkeypatch):
    monkeypatch.setattr(shared_batch, "MOST_ROWS", 3)
    bench.stage("a", "b")
    left = bench.stage("c")
    assert waited(bench, "d").rows == 3
    assert left not in bench.leases.committed[CUSTOMERS.uid]


def test_a_writer_reads_so_many_bytes_of_others_and_leaves_the_rest(bench, monkeypatch):
    monkeypatch.setattr(others, "MOST_BYTES", 1)
    bench.stage("a")
    left = bench.stage("b")
    assert waited(bench, "c").rows == 2
    assert bench.identifiers() == {"a", "c"}
    assert left not in bench.leases.committed[CUSTOMERS.uid]


@pytest.mark.parametrize("error", [*AWAY, TableUnusable("gone"), RuntimeError("strange")])
def test_a_failure_of_the_table_is_the_writers_and_its_rows_are_its_own_to_write(bench, error):
    bench.tables.errors[CUSTOMERS.uid] = error
    with pytest.raises(type(error), match=str(error)):
        bench.append("a")
    with pytest.raises(type(error), match=str(error)):
        waited(bench, "b")
    assert (bench.leases.held, bench.leases.committed) == ({}, {})


@pytest.mark.parametrize("error", AWAY)
def test_without_leases_or_staging_writers_commit_as_best_they_can(bench, error, capsys):
    bench.leases.error = error
    assert bench.append("a") == Appended(1, 0, 1)
    bench.leases.error, bench.staged.error = None, error
    bench.hold()
    assert bench.append("b") == Appended(1, 0, 1)
    assert f"{type(error).__name__} at" in _warned(capsys, "staging failed")


@pytest.mark.parametrize("error", [*AWAY, RuntimeError("strange")])
def test_a_writer_that_can_not_see_what_others_staged_commits_its_own(
    bench, error, monkeypatch, capsys
):
    def fail():
        raise error

    bench.stage("theirs")
    monkeypatch.setattr(bench.staged, "waiting", fail)
    assert waited(bench, "a").rows == 1
    assert bench.identifiers() == {"a"}
    assert f"{type(error).__name__} at" in _warned(capsys, "what others staged can't be seen")


def _warned(capsys, words):
    """The warning that has these words; what the error says is not in it."""
    (line,) = [each for each in capsys.readouterr().err.splitlines() if words in each]
    assert '"level":"WARNING"' in line
    assert "strange" not in line
    return line


def test_a_writer_whose_time_is_over_says_so_and_leaves_its_rows(bench):
    bench.hold()
    with pytest.raises(ServiceUnavailable, match="other writers have it"):
        bench.append("a", left=-1)
    assert (bench.tables.commits, len(bench.staged.there)) == ([], 1)


def test_tables_are_made_and_widened_by_the_tables_themselves(bench):
    bench.writer().create(CUSTOMERS)
    bench.writer().evolve(CUSTOMERS, remaining=seconds(1))
    assert bench.tables.created == [CUSTOMERS, CUSTOMERS]


# --- many tables -----------------------------------------------------------------------------------


def test_no_table_is_no_work(bench):
    assert bench.append_all("a", []) == []


def test_a_table_that_another_has_holds_up_none_that_are_free(bench):
    bench.hold(MANY[2])
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bench.append_all, "a", at_once=2)
        eventually(lambda: len(bench.tables.commits) == 5, every=0.01)
        assert {uid for uid, _ in bench.tables.commits} == {
            group.uid for group in MANY if group is not MANY[2]
        }
        bench.let_go(MANY[2])
        assert waiting.result(PATIENCE) == [Appended(1, 0, 1)] * 6
    assert (bench.staged.there, bench.leases.held) == ({}, {})


def test_all_tables_that_wait_are_one_staged_batch_and_one_look(bench):
    bench.hold(*MANY)
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(bench.append_all, f"c{number}") for number in range(3)]
        bench.wait_for(3)
        assert sorted(len(each.tables) for each in bench.staged.there.values()) == [6, 6, 6]
        bench.let_go(*MANY)
        for each in waiting:
            each.result(PATIENCE)
    assert sorted(uid for uid, _ in bench.tables.commits) == sorted(each.uid for each in MANY)
    assert bench.commits() == [["c0", "c1", "c2"]] * 6
    assert len(bench.staged.reads) <= 3 * 3  # a batch is read once by each writer, for all tables


def test_more_tables_than_are_tried_at_once_are_staged_before_any_is_tried(bench):
    left = bench.stage("theirs", group=MANY[0])
    done = bench.append_all("a", at_once=2)
    assert [each.rows for each in done] == [2, 1, 1, 1, 1, 1]
    assert list(bench.staged.there) == [left]


@pytest.mark.parametrize("error", [ServiceUnavailable("away"), RuntimeError("strange")])
@pytest.mark.parametrize("at_once", [2, 16])
def test_a_failure_of_one_table_costs_the_others_nothing(bench, error, at_once):
    bench.tables.errors[MANY[1].uid] = error
    done = bench.append_all("a", at_once=at_once)
    assert done == [Appended(1, 0, 1), error, *[Appended(1, 0, 1)] * 4]
    assert (bench.staged.there, bench.leases.held) == ({}, {})


@pytest.mark.parametrize("error", AWAY)
@pytest.mark.parametrize("at_once", [2, 16])
def test_those_who_wait_for_a_table_that_fails_give_it_up(bench, error, at_once):
    bench.hold(MANY[1])
    bench.leases.failed[MANY[1].uid] = "someone, long ago"
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(bench.append_all, f"c{n}", at_once=at_once) for n in range(3)]
        eventually(lambda: bench.leases.looks > 30, every=0.01)
        bench.leases.release(MANY[1].uid, "another", None, failed=True)
        done = [each.result(PATIENCE) for each in waiting]
    assert MANY[1].uid not in bench.tables.rows
    assert {str(each[1]) for each in done} == {
        f"the offline table larder_dev.{MANY[1].offline.table} could not be written by another writer"
    }
    assert all(isinstance(each, Appended) for outcome in done for each in outcome[2:])


@pytest.mark.parametrize("error", [*AWAY, RuntimeError("strange")])
def test_only_a_failure_of_storage_or_catalog_is_told_to_others(bench, error):
    bench.tables.errors[CUSTOMERS.uid] = error
    with pytest.raises(type(error)):
        bench.append("a")
    told = bench.leases.look([CUSTOMERS.uid])[CUSTOMERS.uid].failed
    assert (told is not None) is (error in AWAY)
    bench.tables.errors.clear()
    bench.append("a")
    assert bench.leases.look([CUSTOMERS.uid]) == {CUSTOMERS.uid: Lease()}


def test_tables_whose_time_is_over_are_named_and_the_others_done(bench):
    bench.hold(MANY[5])
    done = bench.append_all("a", left=0.05)
    assert done[:5] == [Appended(1, 0, 1)] * 5
    assert isinstance(done[5], ServiceUnavailable)
    assert f".{MANY[5].offline.table} could not be written in time" in str(done[5])
    assert len(bench.staged.there) == 1


@pytest.mark.parametrize("at_once", [2, 16])
@pytest.mark.parametrize("error", [ServiceUnavailable("away"), TypeError("no JSON")])
def test_without_staging_every_table_is_written_as_best_it_can_be(bench, at_once, error):
    bench.staged.error = error
    bench.hold(*MANY)
    assert bench.append_all("a", at_once=at_once) == [Appended(1, 0, 1)] * 6
