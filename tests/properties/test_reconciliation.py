"""In random histories each planted difference is found by its kind, none is invented, and all are
repaired: afterwards readers and as-of joins see what a model of the record says."""

import random

import pytest

from larder.groups.feature_group import TtlDuration
from larder.reconciliation.judge import Kind
from larder.records.record import RecordVersion, State
from larder.records.values import slot_of
from tests.support.reconciliation import GROUP, ONLINE, World, other_city

PLAIN = [f"p{number}" for number in range(8)]
NOISY = [f"n{number}" for number in range(4)]
"""Records that expire, are deleted hard, or are written to the online store alone."""
SEEDS = range(20)


def act(world, dice):
    name = dice.choice(PLAIN)
    if dice.random() < 0.75:
        world.put(name, dice.randrange(60), f"v{dice.randrange(1000)}")
    else:
        world.delete(name, dice.randrange(60))


def disturb(world, dice):
    name, event = dice.choice(NOISY), dice.randrange(1200)
    does = dice.randrange(5)
    if does == 0:
        world.put(name, event)
    elif does == 1:
        world.put(name, event, ttl=TtlDuration("Seconds", dice.randrange(1, 1200)))
    elif does == 2:
        world.put(name, event, targets=ONLINE)
    elif does == 3:
        world.delete(name, event, hard=dice.random() < 0.7)
    else:
        world.clock.nanos += dice.randrange(300) * 10**9
        online = world.online(name)
        if online is not None and online.is_expired(world.clock.nanos):
            world.store.purge(slot_of(GROUP, name))


def built(seed):
    dice, world = random.Random(seed), World()
    for _ in range(120):
        act(world, dice)
        disturb(world, dice)
    return dice, world


def versions(world, name):
    """Every version of a plain record, the greatest first."""
    logged = list(world.store.logged.items())
    mine = [v for (slot, *_), v in logged if slot.identifier == name]
    mine += [v for slot, v in world.store.accepted if slot.identifier == name]
    return sorted(mine, key=RecordVersion.order, reverse=True)


def plant(world, dice, name):
    """Damage a record if it lends itself to a kind, chosen at random; which kind it has now."""
    found = versions(world, name)
    kind = dice.choice(list(Kind))
    if not found:
        return None
    live = found[0].state is State.LIVE
    earlier = [each for each in found if each.event_key < found[0].event_key]
    slot, key = slot_of(GROUP, name), world.rows(name)[-1]
    if kind is Kind.MISSING_OFFLINE:
        world.drop_rows(name)
    elif kind is Kind.OLDER_OFFLINE and len(world.rows(name)) > 1:
        world.drop_rows(name, 1)
    elif kind is Kind.MISSING_ONLINE and live:
        world.drop_online(name)
    elif kind is Kind.OLDER_ONLINE and earlier and earlier[0].write_time < found[0].write_time:
        world.store.records[slot] = earlier[0]
    elif kind is Kind.DIFFERENT and live:
        world.history[key] = other_city(world.history[key])
    else:
        return None
    return kind


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_in_stores_that_were_not_damaged(seed):
    _, world = built(seed)
    assert (world.reconcile().different, world.found) == (0, {})


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_planted_is_found_and_repaired_and_nothing_else(seed):
    dice, world = built(seed)
    before = {name: world.online(name) for name in PLAIN + NOISY}
    planted = {name: kind for name in PLAIN if (kind := plant(world, dice, name))}
    world.reconcile()
    assert {name: kind for kind, names in world.found.items() for name in names} == planted
    done = world.reconcile(repair=True)
    assert (done.remaining, sum(done.repaired.values())) == (0, len(planted))
    assert world.reconcile(repair=True).different == 0
    for name, whole in before.items():
        online = world.online(name)
        if whole is None or name not in planted:
            assert online == whole
            continue
        newest = world.history[world.rows(name)[-1]]
        assert (online.event_key, online.state) == (whole.event_key, whole.state)
        assert online.packed == whole.packed
        assert (newest.is_deleted, newest.write_time) == (
            whole.state is not State.LIVE,
            online.write_time,
        )


def test_the_random_histories_plant_every_kind():
    planted = set()
    for seed in SEEDS:
        dice, world = built(seed)
        planted |= {plant(world, dice, name) for name in PLAIN}
    assert planted >= set(Kind)
