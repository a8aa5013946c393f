"""The client and one server that is no cluster."""

from larder.valkey import NoReply, Script
from larder.valkey.connection import Connection
from larder.valkey.slots import slot_of
from tests.contract.valkey.answers import BUDGET, ECHO, SHORT, STORE, reasons
from tests.support.valkey_servers import fault_proxy, valkey_server


def test_reading_running_and_deleting_answer_in_order(server, client_of):
    client = client_of(server)
    assert client.get([b"a", b"b"], seconds=BUDGET) == [None, None]
    stored = client.run(STORE, [(b"a", [b"1"]), (b"b", [b"\0\r\n"])], seconds=BUDGET)
    assert stored == [b"1", b"\0\r\n"]
    assert client.get([b"b", b"c", b"a"], seconds=BUDGET) == [b"\0\r\n", None, b"1"]
    assert client.delete([b"c", b"a"], seconds=BUDGET) == [0, 1]
    assert client.get([b"a"], seconds=BUDGET) == [None]
    assert (client.disruptions, client.timeouts) == (0, 0)


def test_no_calls_connect_to_nobody(proxy, client_of):
    client = client_of(proxy)
    assert client.get([], seconds=SHORT) == client.delete([], seconds=SHORT) == []
    assert client.run(ECHO, [], seconds=SHORT) == []
    assert proxy.connections == 0


def test_a_client_uses_one_connection_for_one_thread(proxy, client_of):
    client = client_of(proxy)
    for _ in range(20):
        client.get([b"a"], seconds=BUDGET)
    assert proxy.connections == 1


def test_more_calls_than_are_sent_at_once_are_all_answered(server, client_of):
    client = client_of(server)
    calls = [(b"k%d" % number, [b"x" * (number % 700)]) for number in range(2_500)]
    assert client.run(STORE, calls, seconds=BUDGET) == [value for _, (value,) in calls]
    keys = [key for key, _ in calls]
    assert client.get(keys, seconds=BUDGET) == [value for _, (value,) in calls]
    assert client.delete(keys, seconds=BUDGET) == [1] * 2_500


def test_values_larger_than_any_buffer_come_whole(server, client_of):
    client = client_of(server)
    values = [bytes([number]) * 3_000_000 for number in range(3)]
    client.run(STORE, [(b"%d" % n, [value]) for n, value in enumerate(values)], seconds=BUDGET)
    assert client.get([b"0", b"1", b"2"], seconds=BUDGET) == values


def test_an_error_has_the_place_of_its_own_call_only(server, client_of):
    server.command("RPUSH", "list", "x")
    server.command("SET", "a", "1")
    client = client_of(server)
    first, error, last = client.get([b"a", b"list", b"b"], seconds=BUDGET)
    assert (first, last) == (b"1", None)
    assert reasons([error]) == [("WRONGTYPE", True)]
    (failed,) = client.run(Script("return nothing.there"), [(b"a", [])], seconds=BUDGET)
    assert isinstance(failed, NoReply)
    assert failed.refused
    assert client.disruptions == 0


def test_scripts_that_the_server_forgot_are_loaded_again(server, client_of):
    client = client_of(server)
    for _ in range(3):
        answers = client.run(ECHO, [(b"a", [b"1"]), (b"b", [b"2"])], seconds=BUDGET)
        assert answers == [[b"a", b"1"], [b"b", b"2"]]
        server.command("SCRIPT", "FLUSH")
    assert client.disruptions == 0


def test_a_server_that_was_killed_and_started_again_is_found_by_the_next_call(client_of):
    with valkey_server(cluster=False) as server:
        client = client_of(server)
        client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET)
        server.restart()
        assert client.get([b"a"], seconds=BUDGET) == [None]
        assert client.disruptions == 1
        server.kill()
        assert reasons(client.get([b"a", b"b"], seconds=BUDGET)) == [("no", False)] * 2
        assert client.disruptions == 2
        server.start()
        assert client.run(ECHO, [(b"a", [b"1"])], seconds=BUDGET) == [[b"a", b"1"]]
        assert (client.disruptions, client.timeouts) == (2, 0)


def test_a_connection_that_the_server_ended_is_replaced_unnoticed(server, client_of):
    client = client_of(server)
    for _ in range(3):
        client.get([b"a"], seconds=BUDGET)
        server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert client.run(ECHO, [(b"a", [b"1"])], seconds=BUDGET) == [[b"a", b"1"]]
    assert client.disruptions == 3


def test_a_replica_refuses_to_write_and_what_it_had_may_be_old(server, client_of):
    client = client_of(server)
    client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET)
    server.command("REPLICAOF", "127.0.0.1", "1")
    try:
        answers = client.run(STORE, [(b"a", [b"2"])], seconds=BUDGET)
        assert reasons(answers) == [("READONLY", True)]
        assert client.disruptions == 1
    finally:
        server.command("REPLICAOF", "NO", "ONE")
    assert client.run(STORE, [(b"a", [b"2"])], seconds=BUDGET) == [b"2"]


def test_a_full_server_refuses_and_recovers(server, client_of):
    client = client_of(server)
    client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET)
    server.command("CONFIG", "SET", "maxmemory", "1")
    try:
        answers = client.run(STORE, [(b"a", [b"2"])], seconds=BUDGET)
        assert reasons(answers) == [("OOM", True)]
        assert client.get([b"a"], seconds=BUDGET) == [b"1"]
    finally:
        server.command("CONFIG", "SET", "maxmemory", "0")


def test_a_server_with_too_many_clients_refuses(client_of):
    with valkey_server(cluster=False) as server:
        client_of(server).get([b"a"], seconds=BUDGET)
        server.command("CONFIG", "SET", "maxclients", "1")
        answers = client_of(server).get([b"a"], seconds=BUDGET)
        # it says so and closes, and what it said may be lost with the connection
        assert reasons(answers) in ([("ERR", True)], [("lost", False)])


def test_keys_have_the_slots_that_the_server_gives_them(client_of):
    keys = [b"", b"a", b"{a}b", b"{}a", b"x{a}{b}", b"a{b", b"a}b{c}", b"{{a}}", b"\0\xff{\n}"]
    with valkey_server() as server, fault_proxy(server) as proxy:
        assert [slot_of(key) for key in keys] == [
            server.command("CLUSTER", "KEYSLOT", key) for key in keys
        ]
        client = client_of(proxy)
        assert client.get(keys, seconds=BUDGET) == [None] * len(keys)
        assert (proxy.connections, client.disruptions) == (1, 0)


def test_time_that_was_lost_before_the_wait_for_a_reply_is_not_counted(
    proxy, client_of, monkeypatch
):
    """A thread that waits for the interpreter after it has sent says nothing of the server."""
    client = client_of(proxy)
    client.get([b"a"], seconds=BUDGET)
    original = Connection.send

    def held_up(connection, requests, deadline):
        original(connection, requests, deadline)
        deadline._at = 0.0

    monkeypatch.setattr(Connection, "send", held_up)
    proxy.delay(0.05)
    assert client.get([b"a"], seconds=BUDGET) == [None]
    assert client.timeouts == 0
