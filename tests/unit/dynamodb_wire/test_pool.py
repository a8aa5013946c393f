"""Connections that threads share: two may reach for the last idle one."""

import threading
from collections import deque

from larder.adapters.dynamodb_wire.endpoint import Endpoint
from larder.adapters.dynamodb_wire.pool import ConnectionPool
from tests.faults.dynamodb_server import DynamoServer, Fault
from tests.wire import wire_client

KEY = {"pk": {"S": "R#uid#1"}, "sk": {"S": "rc1"}}
GET = {"TableName": "records", "Key": KEY}


class TakenMeanwhile(deque):
    """Looks as if it held a connection, which another thread takes before one can."""

    def __bool__(self):
        return True


def test_an_idle_connection_that_another_thread_took_first_is_none():
    pool = ConnectionPool(Endpoint.at("http://127.0.0.1:9", "us-east-1"))
    pool._idle = TakenMeanwhile()
    assert pool._kept() is None
    pool.close()


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
