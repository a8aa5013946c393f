"""Connections that threads share."""

import threading

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
