"""The client behind a network that stalls, cuts and resets."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from larder.valkey import NoReply, ValkeyEndpoint
from tests.contract.valkey.answers import BUDGET, ECHO, SHORT, STORE, reasons
from tests.support.deadlines import PATIENCE, eventually
from tests.support.valkey_servers import valkey_server


@pytest.fixture
def client(proxy, client_of):
    """A client with an open connection, and the key a."""
    client = client_of(proxy)
    client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET)
    return client


def test_late_replies_are_never_taken_for_those_of_the_next_call(server, proxy, client):
    server.command("SET", "b", "2")
    proxy.stall()
    assert reasons(client.get([b"a"], seconds=SHORT)) == [("timeout", False)]
    proxy.resume()
    for _ in range(20):
        assert client.get([b"b"], seconds=BUDGET) == [b"2"]
    assert (client.timeouts, client.disruptions, proxy.connections) == (1, 0, 2)


def test_a_frozen_server_takes_no_longer_than_the_budget(client_of):
    with valkey_server(cluster=False) as server:
        client, stranger = client_of(server), client_of(server)
        client.get([b"a"], seconds=BUDGET)
        server.freeze()
        assert reasons(client.get([b"a"], seconds=SHORT)) == [("timeout", False)]
        assert reasons(client.get([b"a"], seconds=SHORT)) == [("timeout", False)]
        assert reasons(stranger.get([b"a"], seconds=SHORT)) == [("timeout", False)]
        server.thaw()
        assert stranger.get([b"a"], seconds=BUDGET) == client.get([b"a"], seconds=BUDGET) == [None]
        assert (client.timeouts, client.disruptions) == (2, 0)


def test_a_delay_within_the_budget_is_waited_for_and_one_beyond_is_not(proxy, client):
    proxy.delay(0.05)
    assert client.get([b"a"], seconds=BUDGET) == [b"1"]
    proxy.delay(SHORT)
    assert reasons(client.get([b"a"], seconds=SHORT)) == [("timeout", False)]
    proxy.delay(0)
    assert client.get([b"a"], seconds=BUDGET) == [b"1"]
    assert (client.timeouts, client.disruptions) == (1, 0)


@pytest.mark.parametrize("count", [0, 1, 4, 7, 8, 13, 14])
def test_replies_before_a_cut_count_and_those_after_it_are_unanswered(proxy, client, count):
    proxy.cut_replies(count)
    answers = client.get([b"a"] * 3, seconds=BUDGET)
    if count == 0:  # no byte of an answer: sent once more
        assert answers == [b"1"] * 3
    else:
        whole = count // len(b"$1\r\n1\r\n")
        assert answers[:whole] == [b"1"] * whole
        assert reasons(answers[whole:]) == [("lost", False)] * (3 - whole)
    assert client.disruptions == 1
    assert client.get([b"a"] * 3, seconds=BUDGET) == [b"1"] * 3
    assert client.disruptions == 1


@pytest.mark.parametrize("size", [1, 2])
def test_a_connection_that_takes_longer_than_a_call_is_there_for_a_later_one(
    proxy, client_of, size
):
    may_pass = threading.Event()

    def credentials():
        assert may_pass.wait(BUDGET)
        return "default", "whatever"

    client = client_of(proxy, credentials=credentials, size=size, connect_seconds=BUDGET)
    for _ in range(5):
        assert reasons(client.get([b"a"], seconds=0.02)) == [("timeout", False)]
    may_pass.set()
    for _ in range(5):
        assert client.get([b"a"], seconds=BUDGET) == [None]
    assert (proxy.connections, client.timeouts, client.disruptions) == (1, 5, 0)


def test_a_connection_that_comes_after_the_end_is_closed(server, client_of):
    may_pass = threading.Event()

    def credentials():
        assert may_pass.wait(BUDGET)
        return "default", "whatever"

    client = client_of(server, credentials=credentials, connect_seconds=BUDGET)
    assert reasons(client.get([b"a"], seconds=0.02)) == [("timeout", False)]
    client.close()
    may_pass.set()
    eventually(lambda: len(server.command("CLIENT", "LIST").splitlines()) == 1, every=0.02)


def test_connections_that_were_reset_are_replaced_at_once(proxy, client):
    for number in range(1, 4):
        proxy.reset()
        assert client.get([b"a"], seconds=BUDGET) == [b"1"]
        assert client.disruptions == number


def test_where_nobody_listens_that_is_said_and_the_next_call_tries_again(proxy, client):
    proxy.refuse()
    assert reasons(client.get([b"a"], seconds=BUDGET)) == [("no", False)]
    assert reasons(client.run(ECHO, [(b"a", [b""])], seconds=BUDGET)) == [("no", False)]
    proxy.accept()
    assert client.get([b"a"], seconds=BUDGET) == [b"1"]
    assert (client.timeouts, client.disruptions) == (0, 1)


@pytest.mark.parametrize("host", ["nowhere.invalid", "no..where", "x" * 80])
def test_a_name_that_leads_nowhere_is_said(client_of, host):
    client = client_of(ValkeyEndpoint(host, 6379, tls=False))
    assert reasons(client.get([b"a"], seconds=BUDGET)) == [("no", False)]


def test_threads_share_a_bounded_number_of_connections(proxy, client_of):
    client = client_of(proxy, size=3)
    start = threading.Barrier(8)

    def work(number):
        start.wait(PATIENCE)
        return [client.run(ECHO, [(b"%d" % number, [b"x"])], seconds=BUDGET) for _ in range(25)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(work, range(8)))
    assert answers == [[[[b"%d" % number, b"x"]]] * 25 for number in range(8)]
    assert proxy.connections <= 3


def test_a_busy_pool_is_waited_for_no_longer_than_the_budget(proxy, client_of):
    client = client_of(proxy, size=1)
    client.get([b"a"], seconds=BUDGET)
    proxy.stall()
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(client.get, [b"a"], seconds=BUDGET)
        refused = client.get([b"a"], seconds=SHORT)
        proxy.resume()
        assert waiting.result() == [None] or refused == [None]
    assert client.timeouts == 1


THREADS = 16
CALLS = 2_000


def test_every_reply_belongs_to_its_own_request_whatever_the_network_does(
    running, proxy, client_of
):
    running.command("FLUSHALL")
    client = client_of(proxy, size=8)
    start = threading.Barrier(THREADS)

    def work(number):
        start.wait(PATIENCE)
        return _mixed_calls(client, proxy, number)

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(work, range(THREADS)))
    wrong = [found for outcome in outcomes for found in outcome[1]]
    answered = sum(outcome[0] for outcome in outcomes)
    assert wrong == []
    assert answered > THREADS * CALLS / 2
    assert client.disruptions > 0
    assert client.timeouts > 0


def _mixed_calls(client, proxy, number):
    """How many calls were answered, and what answers were not those of their own requests."""
    choice = random.Random(number)
    answered, wrong = 0, []
    for turn in range(CALLS):
        _disturb(proxy, client, choice)
        keys = [b"%d:%d:%d" % (number, turn, part) for part in range(choice.choice((1, 1, 1, 5)))]
        kind = choice.choice(("run", "get", "delete"))
        if kind == "run":
            expected = [({b"of " + key},) for key in keys]
            answers = client.run(STORE, [(key, [b"of " + key]) for key in keys], seconds=2)
        elif kind == "get":
            older = b"%d:%d:0" % (number, max(0, turn - 3))
            keys.append(older)
            expected = [({None, b"of " + key},) for key in keys]
            answers = client.get(keys, seconds=2)
        else:
            expected = [({0, 1},) for _ in keys]
            answers = client.delete(keys, seconds=2)
        assert len(answers) == len(expected)
        for answer, (possible,) in zip(answers, expected, strict=True):
            if isinstance(answer, NoReply):
                continue
            answered += 1
            if answer not in possible or type(answer) is bool:
                wrong.append((kind, keys, answer))
    return answered, wrong


def _disturb(proxy, client, choice):
    draw = choice.random()
    if draw < 1 / 400:
        proxy.reset()
    elif draw < 1 / 200:
        proxy.cut_replies(choice.randrange(200))
    elif draw < 1 / 190:
        proxy.stall()
        client.get([b"held"], seconds=0.02)
        proxy.resume()
