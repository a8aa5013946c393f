"""Connections that threads share."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.pool import ConnectionPool
from tests.faults.dynamodb_server import DynamoServer, Fault
from tests.support.wire import wire_client

KEY = {"pk": {"S": "R#uid#1"}, "sk": {"S": "rc1"}}
GET = {"TableName": "records", "Key": KEY}


def test_sixteen_threads_share_few_connections():
    server = DynamoServer(lambda _: Fault.NONE)
    failures, done = [], []
    with server.serving() as url:
        client, close = wire_client(url)

        def work():
            try:
                done.extend(client.call("GetItem", GET) for _ in range(50))
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(16)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        close()
    assert failures == []
    assert len(done) == 16 * 50


class Held:
    """A server that takes connections, and answers nothing by itself."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint.at(f"http://127.0.0.1:{self._listener.getsockname()[1]}", "r")
        self._taken = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (*self._taken, self._listener):
            each.close()

    def take(self):
        """Wait for a connection, and for the first byte of its request."""
        taken, _ = self._listener.accept()
        self._taken.append(taken)
        taken.recv(1)
        return taken


def answer(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


def test_who_finds_all_connections_busy_is_told_so_and_served_afterwards():
    with Held() as server:
        pool = ConnectionPool(server.endpoint, size=1)
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(pool.exchange, b"request", 30.0)
            taken = server.take()
            with pytest.raises(TimeoutError, match="all connections are busy"):
                pool.exchange(b"request", 0.001)
            answer(taken)
            assert first.result(timeout=30).body == b"{}"
            second = threads.submit(pool.exchange, b"request", 30.0)
            answer(taken)
            assert second.result(timeout=30).status == 200
        pool.close()


def test_a_failure_gives_its_place_back():
    with Held() as server:
        pool = ConnectionPool(server.endpoint, size=2)
        for _ in range(5):
            with pytest.raises(TimeoutError, match="timed out"):
                pool.exchange(b"request", 0.01)
