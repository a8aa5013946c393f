"""What is lost on either side is found by its kind, and repaired; nothing else is touched."""

from copy import deepcopy
from dataclasses import replace

import pytest

from larder.errors import ThrottlingException, ValidationError
from larder.groups.feature_group import OnlineStore, TtlDuration
from larder.reconciliation.judge import Cause, Kind
from larder.reconciliation.reconcile import Arrived, Asked
from larder.records.record import State
from larder.records.values import slot_of
from tests.support.groups import feature_group
from tests.support.reconciliation import GROUP, ONLINE, World, other_city


@pytest.fixture
def world():
    """Five records of two versions each."""
    made = World()
    for name in "abcde":
        made.put(name, 1)
        made.put(name, 2)
    return made


def damage(world):
    """One of each kind, in the order of the kinds."""
    world.drop_rows("a")
    world.drop_rows("b", 1)
    world.drop_online("c")
    slot = slot_of(GROUP, "d")
    world.store.records[slot] = next(v for s, v in world.store.accepted if s == slot)
    key = world.rows("e")[-1]
    world.history[key] = other_city(world.history[key])


def test_stores_that_agree_have_no_difference(world):
    done = world.reconcile()
    assert (done.compared, done.different, done.remaining, done.bytes_scanned) == (5, 0, 0, 10)
    assert not done.uncompared and not world.found and world.removed


def test_each_kind_is_found_by_its_name(world):
    damage(world)
    done = world.reconcile()
    assert world.found == dict(zip(Kind, map(set, "abcde"), strict=True))
    assert done.differences == dict.fromkeys(Kind, 1)
    assert done.examples == {kind: [name] for kind, name in zip(Kind, "abcde", strict=True)}
    assert (done.features, done.remaining) == ({"city": 1}, 5)


def test_each_kind_is_repaired_and_a_second_run_changes_nothing(world):
    whole = dict(world.history)
    online = dict(world.store.records)
    damage(world)
    done = world.reconcile(repair=True)
    assert (done.repaired, done.remaining) == (dict.fromkeys(Kind, 1), 0)
    corrected = world.online("e")
    assert corrected.packed == online[slot_of(GROUP, "e")].packed
    assert corrected.write_time > online[slot_of(GROUP, "e")].write_time
    for name in "ab":
        assert {world.rows(name)[-1]} <= set(whole)
    for name in "abcd":
        slot = slot_of(GROUP, name)
        assert replace(world.store.records[slot], recorded=False) == online[slot]
    before, sent = deepcopy((world.history, world.store.records)), len(world.sent)
    again = world.reconcile(repair=True)
    assert (again.different, again.repaired) == (0, {})
    assert (world.history, world.store.records, len(world.sent)) == (*before, sent)


def test_a_thousand_of_twenty_thousand_dropped_rows_are_found_and_repaired():
    world = World()
    names = [f"c{number:05d}" for number in range(20_000)]
    for name in names:
        world.put(name, 1)
    whole = dict(world.history)
    dropped = set(names[::20])
    for key in [key for key in world.history if key[0] in dropped]:
        del world.history[key]
    done = world.reconcile(repair=True)
    assert world.found == {Kind.MISSING_OFFLINE: dropped}
    assert (done.compared, done.differences) == (20_000, {Kind.MISSING_OFFLINE: 1000})
    assert (done.repaired, done.remaining) == ({Kind.MISSING_OFFLINE: 1000}, 0)
    assert world.history == whole
    assert world.reconcile().different == 0


def test_a_bulk_loads_row_that_was_lost_is_written_again(world):
    """Its online version says that the row is there already."""
    slot = slot_of(GROUP, "a")
    world.store.records[slot] = replace(world.store.records[slot], recorded=True)
    world.drop_rows("a")
    assert world.reconcile(repair=True).repaired == {Kind.MISSING_OFFLINE: 1}
    assert len(world.rows("a")) == 1


def test_a_deletion_that_is_lost_is_repeated_on_either_side(world):
    world.delete("a", 5)
    world.drop_rows("a", 1)
    slot, before = slot_of(GROUP, "b"), world.online("b")
    world.delete("b", 5)
    world.store.records[slot] = before
    done = world.reconcile(repair=True)
    assert world.found == {Kind.OLDER_OFFLINE: {"a"}, Kind.OLDER_ONLINE: {"b"}}
    assert (done.remaining, world.online("b").state) == (0, State.SOFT_DELETED)
    assert world.history[world.rows("a")[-1]].is_deleted


def test_what_is_not_proven_to_have_arrived_is_under_way(world):
    world.watermark = world.clock() // 1000
    world.put("late", 9)
    world.drop_rows("late")
    world.drop_rows("a")
    done = world.reconcile()
    assert world.found == {Kind.MISSING_OFFLINE: {"a"}}
    assert done.uncompared == {Cause.IN_FLIGHT: 1}
    world.watermark = world.clock() // 1000
    assert world.reconcile().different == 2


def test_without_a_watermark_the_grace_counts_on_both_sides(world):
    world.clock.nanos += 10**12
    for name in "xy":
        world.put(name, 9)
    world.drop_rows("x")
    world.drop_online("y")
    done = world.reconcile(Asked(grace_seconds=60))
    assert (done.different, done.uncompared) == (0, {Cause.IN_FLIGHT: 2})
    assert world.reconcile().different == 2


def test_what_the_stores_are_meant_to_hold_differently_is_no_difference():
    world = World(feature_group(online=OnlineStore(ttl=TtlDuration("Hours", 1))))
    world.put("alone", 1, targets=ONLINE)
    world.put("expired", 1)
    world.put("purged", 1)
    world.put("deleted", 1)
    world.delete("deleted", 2, hard=True)
    world.put("again", 5)
    world.delete("again", 8, hard=True)
    world.put("again", 3)
    world.clock.nanos += 3 * 3600 * 10**9
    world.store.purge(slot_of(world.group, "purged"))
    world.put("alone", 20_000, targets=ONLINE)
    for name in ("deleted", "again"):
        slot = slot_of(world.group, name)
        world.store.records[slot] = replace(world.store.records[slot], expires_at=None)
    done = world.reconcile()
    assert done.different == 0
    assert done.uncompared == {Cause.ONLINE_ALONE: 1, Cause.EXPIRED: 1, Cause.BETWEEN: 1}
    assert done.compared == 2


def test_an_expired_record_is_not_brought_back():
    world = World(feature_group(online=OnlineStore(ttl=TtlDuration("Hours", 1))))
    world.put("a", 1)
    world.drop_online("a")
    world.clock.nanos += 2 * 3600 * 10**9
    done = world.reconcile(repair=True)
    assert (done.different, done.uncompared) == (0, {Cause.EXPIRED: 1})
    assert world.online("a") is None


def test_a_hard_deleted_record_is_not_brought_back_by_an_older_row(world):
    world.delete("a", 5, hard=True)
    world.drop_rows("a", 1)
    done = world.reconcile(repair=True)
    assert world.found == {Kind.OLDER_OFFLINE: {"a"}}
    assert done.remaining == 0
    assert world.online("a").state is State.HARD_DELETED
    assert world.reconcile().different == 0


def test_a_newer_write_that_comes_before_the_repair_stays(world):
    world.drop_online("a")
    done = world.reconcile(repair=True, note=lambda *_: world.put("a", 7, "new"))
    assert (done.superseded, done.remaining) == ({Kind.MISSING_ONLINE: 1}, 0)
    assert b"new" in world.online("a").packed


def test_only_what_was_accepted_in_the_asked_time_is_compared(world):
    times = sorted(each.write_time for _, each in world.store.accepted)
    for name in "ace":
        world.drop_rows(name)
    within = Asked(since=times[4], until=times[7], grace_seconds=0)
    done = world.reconcile(within)
    assert world.found == {Kind.MISSING_OFFLINE: {"c"}}
    assert done.compared == 2
    world.reconcile(Asked(since=times[4], grace_seconds=0))
    assert world.found == {Kind.MISSING_OFFLINE: {"c", "e"}}
    world.reconcile(Asked(until=times[3], grace_seconds=0))
    assert world.found == {Kind.MISSING_OFFLINE: {"a"}}


def test_a_sample_compares_whole_shards_of_both_sides():
    world = World()
    names = [f"c{number}" for number in range(400)]
    for name in names:
        world.put(name, 1)
    for name in names[::2]:
        world.drop_rows(name)
    for name in names[1::4]:
        world.drop_online(name)
    done = world.reconcile(Asked(sample=5, grace_seconds=0))
    shards = {slot_of(GROUP, each).shard for kind in world.found.values() for each in kind}
    chosen = [each for each in names if slot_of(GROUP, each).shard in shards]
    assert (done.shards, len(shards), done.compared) == (5, 5, len(chosen))
    assert world.found[Kind.MISSING_OFFLINE] == set(chosen) & set(names[::2])
    assert world.found[Kind.MISSING_ONLINE] == set(chosen) & set(names[1::4])


def test_identifiers_of_any_length_and_script_keep_one_order():
    world = World()
    names = ["é", "z", "Z", "~", "\U0001f600", "\uffee", "k" * 1500, "日本", "a b", "k" * 1023]
    for name in names:
        world.put(name, 1)
    assert (world.reconcile().compared, world.found) == (len(names), {})


def test_rows_that_the_writer_sets_aside_remain(world):
    world.drop_rows("a")
    world.invoke = lambda _payload: {
        "batchItemFailures": [], "rows": 0, "duplicates": 0, "quarantined": [{"reason": "odd"}]
    }  # fmt: skip
    done = world.reconcile(repair=True)
    assert (done.remaining, done.problems) == (1, ["still not writable: odd"])


def test_a_store_that_refuses_for_load_is_asked_again(world):
    key = world.rows("e")[-1]
    world.history[key] = other_city(world.history[key])
    world.refusals = [ThrottlingException("slow")] * 2
    assert world.reconcile(repair=True).repaired == {Kind.DIFFERENT: 1}
    assert not world.refusals


def test_why_the_watermark_is_unknown_is_told(world):
    done = world.reconcile(arrived=lambda _group: Arrived(None, "no heartbeat has passed"))
    assert done.notes == ["no heartbeat has passed"]


def test_a_group_without_records_has_nothing_to_compare():
    assert World().reconcile().compared == 0


@pytest.mark.parametrize(
    ("changes", "words"), [({"offline": None}, "no OfflineStore"), ({"online": None}, "no Online")]
)
def test_a_group_of_one_store_is_refused(world, changes, words):
    world.group = feature_group(**changes)
    with pytest.raises(ValidationError, match=words):
        world.reconcile()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"since": 2, "until": 1}, "--until"),
        ({"sample": 0}, "--sample"),
        ({"grace_seconds": -1}, "--grace"),
        ({"grace_seconds": float("nan")}, "--grace"),
    ],
)
def test_what_can_not_be_asked_is_refused(asked, words):
    with pytest.raises(ValidationError, match=words):
        Asked(**asked)


def test_a_record_put_after_a_hard_delete_that_is_lost_online_is_put_again(world):
    world.delete("a", 5, hard=True)
    hidden = world.online("a")
    world.put("a", 7)
    world.store.records[slot_of(GROUP, "a")] = hidden
    done = world.reconcile(repair=True)
    assert world.found == {Kind.MISSING_ONLINE: {"a"}}
    assert (done.remaining, world.online("a").state) == (0, State.LIVE)


def test_two_deletions_that_differ_leave_the_record_absent_either_way(world):
    world.delete("a", 5, hard=True)
    hidden = world.online("a")
    world.delete("a", 7)
    world.store.records[slot_of(GROUP, "a")] = hidden
    assert world.reconcile().different == 0


def test_the_end_of_a_time_to_live_is_not_repeated_as_a_deletion():
    world = World()
    world.put("a", 1, ttl=TtlDuration("Minutes", 30))
    slot, before = slot_of(GROUP, "a"), world.online("a")
    world.clock.nanos += 3600 * 10**9
    world.store.purge(slot)
    world.store.records[slot] = replace(before, expires_at=None)
    done = world.reconcile(repair=True)
    assert (done.different, done.uncompared) == (0, {Cause.EXPIRED: 1})
    assert world.online("a").state is State.LIVE
