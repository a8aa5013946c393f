"""Load over HTTP: some connections, each with one request under way, for some seconds."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(slots=True)
class Load:
    """What came of it: seconds per answer, and how many were no 200."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share was answered."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1000


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """A request's bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def drive(url: str, ask: bytes, *, connections: int, seconds: float) -> Load:
    """Ask the same over and over."""
    return asyncio.run(_drive(url, ask, connections, seconds))


class _Client(asyncio.Protocol):
    def __init__(self, ask: bytes, load: Load, until: float) -> None:
        self._ask, self._load, self._until = ask, load, until
        self._buffer = b""
        self._sent = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask first."""
        self._transport: Any = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Note the answer once it is whole, and ask again."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[: end + 2].lower()
        start = head.find(b"\r\ncontent-length:") + 17
        if len(self._buffer) < end + 4 + int(head[start : head.find(b"\r\n", start)]):
            return
        now = time.perf_counter()
        self._load.latencies.append(now - self._sent)
        self._load.failures += self._buffer[9:12] != b"200"
        self._buffer = b""
        if now < self._until:
            self._next()
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that the server closes is a failure of the measurement."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed a connection"))

    def _next(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._ask)


async def _drive(url: str, ask: bytes, connections: int, seconds: float) -> Load:
    parts = urlsplit(url)
    host, port = str(parts.hostname), int(parts.port or 80)
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    load = Load(seconds)
    clients = [
        (await loop.create_connection(lambda: _Client(ask, load, start + seconds), host, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    load.seconds = time.perf_counter() - start
    return load
