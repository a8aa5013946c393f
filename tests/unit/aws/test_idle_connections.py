"""Connections that are kept while no one uses them."""

import fcntl
import resource
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from larder.aws.dynamodb.wire.connection import Connection as DynamoConnection
from larder.aws.idle_connections import IdleConnections
from larder.valkey.connection import Connection as ValkeyConnection
from tests.support.clocks import SleepingClock
from tests.support.deadlines import PATIENCE


class Kept:
    def __init__(self, readable=False):
        self.readable = readable
        self.open = True

    def is_readable(self):
        return self.readable

    def close(self):
        self.open = False


@pytest.fixture
def clock():
    return SleepingClock()


def test_the_one_used_last_is_used_first(clock):
    idle = IdleConnections(clock=clock)
    first, last = Kept(), Kept()
    idle.put(first)
    idle.put(last)
    assert [idle.take(), idle.take(), idle.take()] == [last, first, None]


def test_one_that_the_server_closed_is_closed_and_told_of(clock):
    told = []
    idle = IdleConnections(clock=clock, on_closed=lambda: told.append(1))
    closed, good = Kept(readable=True), Kept()
    idle.put(good)
    idle.put(closed)
    clock.sleep(1)
    assert idle.take() is good
    assert (closed.open, good.open, told) == (False, True, [1])


def test_one_that_lay_long_is_closed_and_told_of_only_if_the_server_closed_it(clock):
    told = []
    idle = IdleConnections(clock=clock, on_closed=lambda: told.append(1))
    connections = [Kept(), Kept(readable=True)]
    for connection in connections:
        idle.put(connection)
    clock.sleep(50)
    assert idle.take() is None
    assert ([connection.open for connection in connections], told) == ([False, False], [1])


def test_closing_leaves_none(clock):
    idle = IdleConnections(clock=clock)
    kept = Kept()
    idle.put(kept)
    idle.close()
    assert (kept.open, idle.take()) == (False, None)


def test_no_connection_is_given_to_two_threads():
    idle = IdleConnections()
    start = threading.Barrier(8)
    held, clashes = set(), []

    def work(_):
        start.wait(PATIENCE)
        for _ in range(5_000):
            connection = idle.take()
            if connection is None:
                continue
            if connection in held:
                clashes.append(connection)
            held.add(connection)
            held.discard(connection)
            idle.put(connection)

    idle.put(Kept())
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert clashes == []


@pytest.fixture
def high_descriptor():
    """A connected socket whose descriptor is above 1,023, as in a process that has thousands."""
    ours, theirs = socket.socketpair()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    high = socket.socket(fileno=fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD, 2000))
    ours.close()
    yield high, theirs
    high.close()  # a run that only sets up leaves it open
    theirs.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("kind", [DynamoConnection, ValkeyConnection])
def test_a_connection_of_any_descriptor_tells_whether_its_server_sent_something(
    kind, high_descriptor
):
    high, theirs = high_descriptor
    connection = kind(high, 1.0)
    assert not connection.is_readable()
    theirs.send(b"x")
    assert connection.is_readable()
    connection.close()
