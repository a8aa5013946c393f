"""The client and servers that do what real ones do rarely, or never should."""

import pytest

from larder.valkey import NoReply, Valkey, ValkeyEndpoint
from larder.valkey.connection import Connector, Deadline
from larder.valkey.exchange import Exchange
from larder.valkey.node import Node
from larder.valkey.replies import ErrorCounts
from larder.valkey.requests import get_requests
from tests.support.clocks import SleepingClock
from tests.unit.valkey.scripted_server import END, ScriptedServer

BUDGET = 20.0
HOUR = 3600


def bulk(value):
    return b"$%d\r\n%b\r\n" % (len(value), value)


def echoing(words):
    return bulk(words[1])


def asked(answer, *, times=1, keys=(b"a",)):
    """What a client is answered, and the server that did."""
    server = ScriptedServer(answer)
    with server.serving() as address:
        client = Valkey(ValkeyEndpoint.at(address, tls=False))
        answers = [client.get(keys, seconds=BUDGET) for _ in range(times)]
        client.close()
    return answers, server, client


@pytest.mark.parametrize(
    "text", ["LOADING Valkey is loading the dataset in memory", "TRYAGAIN", "BUSY a script runs",
             "MASTERDOWN no link", "MOVED", "MOVED 1 nowhere", "ASK 1 x:y", "MOVED 1 x:65536", "", "ERR whatever"],
)  # fmt: skip
def test_a_refusal_that_no_other_try_would_change_is_given_at_once(text):
    (answers,), server, client = asked(lambda _: b"-%b\r\n" % text.encode())
    assert [(answer.reason, answer.refused) for answer in answers] == [(text, True)]
    assert server.commands.count(b"GET") == 1
    assert client.timeouts == 0


def test_a_server_that_sends_its_clients_round_in_circles_is_followed_once():
    server = ScriptedServer(lambda _: b"-MOVED 1 :%d\r\n" % port)
    with server.serving() as address:
        port = int(address.rpartition(":")[2])
        client = Valkey(ValkeyEndpoint.at(address, tls=False))
        (answer,) = client.get([b"a"], seconds=BUDGET)
        client.close()
    assert (answer.refused, server.commands.count(b"GET")) == (True, 2)


@pytest.mark.parametrize("host", ["", "?", "127.0.0.1"])
def test_a_move_to_another_node_is_followed(host):
    owner = ScriptedServer(echoing)
    with owner.serving() as there:
        port = there.rpartition(":")[2]
        moved = f"-MOVED 1 {host}:{port}\r\n".encode()
        answers, server, client = asked(lambda words: moved, keys=[b"a", b"b"])
    assert answers == [[b"a", b"b"]]
    assert client.disruptions == 1
    assert (server.commands.count(b"GET"), owner.commands) == (2, [b"GET", b"GET"])


@pytest.mark.parametrize("rubbish", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$-5\r\n", b"\0\r\n"])
def test_what_is_no_reply_ends_the_connection(rubbish):
    given = iter([rubbish, bulk(b"a")])
    (first, second), server, client = asked(lambda _: next(given), times=2)
    assert isinstance(first[0], NoReply)
    assert not first[0].refused
    assert second == [b"a"]
    assert (server.connections, client.disruptions) == (2, 1)


def test_more_replies_than_were_asked_for_are_nobodys():
    answers, server, _ = asked(lambda words: bulk(words[1]) + bulk(b"another's"), times=3)
    assert answers == [[b"a"]] * 3
    assert server.connections == 3


def test_replies_that_come_byte_by_byte_are_whole():
    reply = bulk(b"some value")
    answers, _, _ = asked(lambda _: [bytes([byte]) for byte in reply], keys=[b"a"] * 3)
    assert answers == [[b"some value"] * 3]


def test_a_fresh_connection_that_is_closed_at_once_is_not_tried_again():
    server = ScriptedServer(lambda _: END)
    with server.serving() as address:
        node = node_at(address, ErrorCounts(), SleepingClock())
        (answer,) = get(node, b"a")
    assert isinstance(answer, NoReply)
    assert server.connections == 1


def node_at(address, errors, clock):
    connector = Connector(None, None, BUDGET, clock)
    return Node(ValkeyEndpoint.at(address, tls=False), connector, errors, 2)


def get(node, key):
    return Exchange(node, get_requests([key])[0], 1, Deadline(BUDGET)).start().finish()


def test_a_connection_is_used_for_eleven_hours_and_then_replaced_as_if_nothing_were():
    clock, errors = SleepingClock(), ErrorCounts()
    server = ScriptedServer(echoing)
    with server.serving() as address:
        node = node_at(address, errors, clock)
        for turn in range(11 * HOUR // 40):
            assert get(node, b"%d" % turn) == [b"%d" % turn]
            clock.sleep(40)
        assert (server.connections, clock.now) == (1, 11 * HOUR)
        assert get(node, b"a") == [b"a"]
        node.retire()
    assert (server.connections, errors.disruptions, errors.timeouts) == (2, 0, 0)


def test_a_connection_that_comes_back_to_a_node_that_is_gone_is_closed():
    server, clock, errors = ScriptedServer(echoing), SleepingClock(), ErrorCounts()
    with server.serving() as address:
        node = node_at(address, errors, clock)
        exchange = Exchange(node, get_requests([b"a"])[0], 1, Deadline(BUDGET)).start()
        node.retire()
        assert exchange.finish() == [b"a"]
        assert node.take_idle() is None


def test_an_exchange_that_is_abandoned_holds_nothing_and_is_nobodys():
    server, clock, errors = ScriptedServer(echoing), SleepingClock(), ErrorCounts()
    with server.serving() as address:
        node = node_at(address, errors, clock)
        for _ in range(5):  # more than there may be connections
            Exchange(node, get_requests([b"lost"])[0], 1, Deadline(BUDGET)).start().abandon()
        assert get(node, b"a") == [b"a"]
        node.retire()
    assert errors.timeouts == 0
