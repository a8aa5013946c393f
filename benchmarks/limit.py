"""What a request to DynamoDB must cost at least, in Python: its bytes out, its answer's JSON in."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import orjson

from benchmarks.stub import Item
from larder.aws.dynamodb.wire.credentials import Credentials
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.signing import Signer


def bare_exchange(url: str, operation: str, members: Item, times: int = 1) -> Callable[[], object]:
    """Send a request that was signed once, and parse the answer, whose length is known."""
    parts = urlsplit(url)
    server = socket.create_connection((parts.hostname, parts.port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    signer = Signer(Endpoint.at(url, "us-east-1"), lambda: Credentials("A", "s", "t" * 700))
    ask = signer.request(operation, orjson.dumps(members))
    server.sendall(ask)
    answer = server.recv(65_536)
    start = answer.index(b"\r\n\r\n") + 4
    field = answer.index(b"Content-Length: ") + 16
    length = start + int(answer[field : answer.index(b"\r\n", field)])
    got = len(answer)
    while got < length:
        got += len(server.recv(65_536))
    buffer = memoryview(bytearray(length))

    def call() -> object:
        members = None
        for _ in range(times):
            server.sendall(ask)
            got = 0
            while got < length:
                got += server.recv_into(buffer[got:])
            members = orjson.loads(buffer[start:])
        return members

    return call
