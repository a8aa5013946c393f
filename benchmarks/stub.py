"""A server that speaks enough DynamoDB to be measured against, and answers at once.

It keeps items in memory and takes every write for good: conditions and expressions are not looked
at. Run as ``python -m benchmarks.stub SECONDS``, it prints its URL and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen
from zlib import crc32

import orjson

Item = dict[str, Any]
_LOAD = "Load"
"""Our own operation: ``[[table, key, item], …]``."""
_FEAST_KEY = "entity_id"


@contextmanager
def instant_dynamodb(seconds: float = 0.0) -> Iterator[str]:
    """Start one in a process of its own, and give its URL; each answer takes so long."""
    command = [sys.executable, "-m", "benchmarks.stub", str(seconds)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def load(url: str, entries: list[tuple[str, Item, Item]]) -> None:
    """Put items under their keys: (table, key, item)."""
    request = Request(url, orjson.dumps(entries), {"X-Amz-Target": f"Stub.{_LOAD}"})
    with urlopen(request) as answer:
        answer.read()


class Tables:
    """Items as the bytes of their JSON, by table and key."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, bytes], bytes] = {}

    def answer(self, operation: str, body: bytes) -> bytes:
        """The answer to one call."""
        request = orjson.loads(body)
        if operation == "GetItem":
            item = self._items.get((request["TableName"], _key(request["Key"])))
            return b'{"Item":%b}' % item if item else b"{}"
        if operation == "BatchGetItem":
            return self._batch(request["RequestItems"])
        if operation == _LOAD:
            for table, key, item in request:
                self._items[table, _key(key)] = orjson.dumps(item)
        elif operation == "BatchWriteItem":
            self._write(request["RequestItems"])
            return b'{"UnprocessedItems":{}}'
        elif operation == "DescribeTable":
            return _described(request["TableName"])
        elif operation == "ListTagsOfResource":
            return b'{"Tags":[]}'
        return b"{}"

    def _batch(self, request: dict[str, Item]) -> bytes:
        found = []
        for table, wanted in request.items():
            items = (self._items.get((table, _key(key))) for key in wanted["Keys"])
            listed = b",".join(item for item in items if item)
            found.append(b'"%b":[%b]' % (table.encode(), listed))
        return b'{"Responses":{%b},"UnprocessedKeys":{}}' % b",".join(found)

    def _write(self, request: dict[str, list[Item]]) -> None:
        for table, writes in request.items():
            for write in writes:
                item = write["PutRequest"]["Item"]
                key = {_FEAST_KEY: item[_FEAST_KEY]}
                self._items[table, _key(key)] = orjson.dumps(item)


class _Connection(asyncio.Protocol):
    def __init__(self, tables: Tables, seconds: float) -> None:
        self._tables = tables
        self._seconds = seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self._transport: Any = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Answer whatever requests are complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            start = head.find(b"\r\ncontent-length:")
            length = int(head[start + 17 :].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            name = self._buffer[head.find(b"\r\nx-amz-target:") + 15 : end].split(b"\r\n", 1)[0]
            self._buffer = self._buffer[end + 4 + length :]
            answer = self._tables.answer(name.decode().rpartition(".")[2], body)
            self._send(
                b"HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Mon, 23 Nov 2026 02:00:00 GMT\r\n"
                b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n"
                b"Connection: keep-alive\r\nx-amzn-RequestId: ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                b"\r\nx-amz-crc32: %d\r\n\r\n%b" % (len(answer), crc32(answer), answer)
            )

    def _send(self, answer: bytes) -> None:
        if self._seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _described(table: str) -> bytes:
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}"
    return orjson.dumps({"Table": {"TableName": table, "TableStatus": "ACTIVE", "TableArn": arn}})


def _key(key: Item) -> bytes:
    return orjson.dumps(key, option=orjson.OPT_SORT_KEYS)


async def _serve(seconds: float) -> None:
    tables = Tables()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(tables, seconds), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
