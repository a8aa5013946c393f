"""The client and a cluster of two nodes, whose slots move and whose nodes die."""

import pytest
from hiredis import ReplyError

from larder.valkey.slots import slot_of
from tests.contract.valkey.answers import BUDGET, BUDGETS, ECHO, STORE, reasons
from tests.support.deadlines import eventually
from tests.support.valkey_servers import fault_proxy, migrated, migrating, valkey_cluster

KEYS = [b"key-%d" % number for number in range(200)]
HALF = 8192
FIRST = [key for key in KEYS if slot_of(key) < HALF]
SECOND = [key for key in KEYS if slot_of(key) >= HALF]
# A node that has missed another for the time-out counts itself to a minority, and refuses as well.
PARTIAL = ["cluster-require-full-coverage no", "cluster-node-timeout 60000"]


@pytest.fixture(scope="module")
def nodes():
    with valkey_cluster(nodes=2) as nodes:
        yield nodes


@pytest.fixture(autouse=True)
def _empty(request):
    if "nodes" in request.fixturenames:
        for node in request.getfixturevalue("nodes"):
            node.command("FLUSHALL")


@pytest.fixture
def moving(nodes):
    """A key, its slot, from where and where to; the slot is brought back afterwards."""
    source, target = nodes
    key = FIRST[0]
    slot = slot_of(key)
    yield key, slot, source, target
    for node in nodes:
        node.command("CLUSTER", "SETSLOT", slot, "STABLE")
    if not _owns(source, key):
        migrating(slot, target, source)
        migrated(slot, target, source)


def test_a_slot_may_move_to_and_fro_without_a_pause(moving):
    key, slot, source, target = moving
    for _ in range(10):
        for here, there in ((source, target), (target, source)):
            migrating(slot, here, there)
            migrated(slot, here, there)
            assert (_owns(here, key), _owns(there, key)) == (False, True)


@pytest.mark.parametrize("door", [0, 1])
def test_keys_are_asked_of_their_own_nodes(nodes, client_of, door):
    with fault_proxy(nodes[0]) as first, fault_proxy(nodes[1]) as second:
        client = client_of((first, second)[door])
        stored = client.run(STORE, [(key, [b"of " + key]) for key in KEYS], seconds=BUDGET)
        assert stored == [b"of " + key for key in KEYS]
        assert client.get(KEYS, seconds=BUDGET) == stored
        assert client.delete([*KEYS, b"none"], seconds=BUDGET) == [*[1] * len(KEYS), 0]
        assert (first.connections, second.connections) == (1, 1)
        assert client.disruptions == 0


def test_a_slot_that_has_moved_is_followed_and_learned(moving, client_of):
    key, slot, source, target = moving
    client = client_of(source)
    client.run(STORE, [(key, [b"1"])], seconds=BUDGET)
    migrating(slot, source, target)
    migrated(slot, source, target)
    before = _calls(source)
    assert client.get([key, *KEYS], seconds=BUDGET) == [b"1", b"1", *[None] * (len(KEYS) - 1)]
    assert client.disruptions >= 1
    assert client.get([key], seconds=BUDGET) == [b"1"]  # the map is asked for, and then it is known
    settled = client.disruptions
    for _ in range(3):
        assert client.get([key], seconds=BUDGET) == [b"1"]
    assert client.disruptions == settled
    assert _calls(source) > before


def test_a_script_is_loaded_where_its_slot_has_moved_to(moving, client_of):
    key, slot, source, target = moving
    client = client_of(source)
    client.run(STORE, [(key, [b"1"])], seconds=BUDGET)
    target.command("SCRIPT", "FLUSH")
    migrating(slot, source, target)
    migrated(slot, source, target)
    assert client.run(STORE, [(key, [b"2"])], seconds=BUDGET) == [b"2"]
    assert target.command("GET", key) == b"2"


def test_while_a_slot_moves_its_keys_are_found_on_either_side(moving, client_of):
    key, slot, source, target = moving
    here, there = key, b"{%b}there" % key
    client = client_of(source)
    client.run(STORE, [(here, [b"1"])], seconds=BUDGET)
    target.command("SCRIPT", "FLUSH")
    migrating(slot, source, target)
    assert client.run(STORE, [(there, [b"2"]), (here, [b"3"])], seconds=BUDGET) == [b"2", b"3"]
    assert client.get([here, there, SECOND[0]], seconds=BUDGET) == [b"3", b"2", None]
    assert client.delete([there, here], seconds=BUDGET) == [1, 1]
    assert client.disruptions == 0


def test_a_dead_node_costs_only_its_own_keys_whoever_was_asked_first(client_of):
    with valkey_cluster(nodes=2, configuration=PARTIAL) as (first, _):
        client = client_of(first)
        client.run(STORE, [(key, [b"1"]) for key in KEYS], seconds=BUDGET)
        first.kill()
        for _ in range(3):
            assert client.get(SECOND, seconds=BUDGET) == [b"1"] * len(SECOND)
            assert len(reasons(client.get(FIRST, seconds=BUDGET))) == len(FIRST)
        assert client.disruptions >= 1
        first.start()
        first.wait_until_serving()
        eventually(lambda: client.get(FIRST, seconds=BUDGET) == [None] * len(FIRST), every=0.02)
        assert client.get(SECOND, seconds=BUDGET) == [b"1"] * len(SECOND)


def test_a_silent_node_takes_nothing_from_the_answers_of_the_other(nodes, client_of):
    with fault_proxy(nodes[0]) as first, fault_proxy(nodes[1]):
        client = client_of(first)
        client.run(STORE, [(key, [b"1"]) for key in KEYS], seconds=BUDGET)
        first.stall()
        for seconds in BUDGETS:
            answers = dict(zip(KEYS, client.get(KEYS, seconds=seconds), strict=True))
            if all(answers[key] == b"1" for key in SECOND):
                break
        assert [answers[key] for key in SECOND] == [b"1"] * len(SECOND)
        assert set(reasons([answers[key] for key in FIRST])) == {("timeout", False)}
        first.resume()
        assert client.get(KEYS, seconds=BUDGET) == [b"1"] * len(KEYS)


def test_a_cluster_that_is_not_complete_refuses(client_of):
    with valkey_cluster(nodes=2, configuration=["cluster-node-timeout 500"]) as (first, second):
        client = client_of(first)
        eventually(lambda: client.run(ECHO, [(b"a", [b"1"])], seconds=BUDGET) == [[b"a", b"1"]])
        second.kill()
        eventually(lambda: _refused(client, FIRST[0], "CLUSTERDOWN"), every=0.02)
        second.start()
        eventually(lambda: client.get(KEYS, seconds=BUDGET) == [None] * len(KEYS), every=0.02)


def _owns(node, key):
    try:
        node.command("GET", key)
    except ReplyError:
        return False
    return True


def _refused(client, key, word):
    (answer,) = client.get([key], seconds=BUDGET)
    return answer is not None and reasons([answer]) == [(word, True)]


def _calls(server):
    stats = server.command("INFO", "stats").decode().split()
    return int(next(line for line in stats if line.startswith("total_commands")).split(":")[1])
