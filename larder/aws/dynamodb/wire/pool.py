"""Connections kept open between requests, shared by a process's threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from larder.aws.dynamodb.wire.connection import Connection, HttpResponse, StaleConnection
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.side_by_side import Failure, SideBySide
from larder.aws.idle_connections import IdleConnections
from larder.aws.permits import Permits
from larder.aws.trust import Trust

_CONNECT_SECONDS = 1.0
_WIDTH = 8
"""Requests of one call under way at once: enough to hide the store's time, few to open."""


class ConnectionPool:
    """At most ``size`` connections to an endpoint; the one used last is used first."""

    def __init__(
        self, endpoint: Endpoint, *, size: int = 32, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._endpoint = endpoint
        self._idle: IdleConnections[Connection] = IdleConnections(clock=clock)
        self._free = Permits(size)
        # made now: reading certificates may take longer than a request
        self._trust = Trust(endpoint.ca_bundle) if endpoint.tls else None

    def exchange(self, request: bytes, timeout: float) -> HttpResponse:
        """Send a request over some connection; one that the server closed is replaced.

        Raises:
            BrokenResponse, OSError: see ``Connection.exchange``; ``TimeoutError`` also where all
                connections stayed busy.
        """
        until = time.monotonic() + timeout
        if not self._free.acquire(timeout):
            raise TimeoutError("all connections are busy")
        try:
            kept = self._idle.take()
            if kept is not None:
                try:
                    return self._use(kept, request, timeout)
                except StaleConnection:
                    self.close()  # the others have been idle as long
            fresh = self.open(until)
            return self._use(fresh, request, until - time.monotonic())
        finally:
            self._free.release()

    def exchange_all(
        self, requests: Sequence[bytes], timeout: float, *, width: int = _WIDTH
    ) -> list[HttpResponse | Failure]:
        """Send requests side by side, ``width`` at a time; the answer or the failure of each.

        Each has ``timeout`` seconds from when it is sent.
        """
        granted = self._granted(min(width, len(requests)), timeout)
        if not granted:
            return [TimeoutError("all connections are busy") for _ in requests]
        try:
            return SideBySide(self, requests, timeout=timeout, width=granted).answers()
        finally:
            for _ in range(granted):
                self._free.release()

    def take(self) -> Connection | None:
        """See ``side_by_side.Connections``."""
        return self._idle.take()

    def keep(self, connection: Connection) -> None:
        """See ``side_by_side.Connections``."""
        self._idle.put(connection)

    def open(self, until: float) -> Connection:
        """See ``side_by_side.Connections``."""
        seconds = min(max(until - time.monotonic(), 0.001), _CONNECT_SECONDS)
        return self._connect(seconds)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._idle.close()

    def _granted(self, wanted: int, timeout: float) -> int:
        """How many connections may be used: one is waited for, more are taken if they are free."""
        if not wanted or not self._free.acquire(timeout):
            return 0
        granted = 1
        while granted < wanted and self._free.acquire(0):
            granted += 1
        return granted

    def _connect(self, timeout: float) -> Connection:
        endpoint, trust = self._endpoint, self._trust
        if trust is None:
            return Connection.open(endpoint, None, timeout)
        return trust.connect(lambda context: Connection.open(endpoint, context, timeout))

    def _use(self, connection: Connection, request: bytes, timeout: float) -> HttpResponse:
        try:
            response = connection.exchange(request, timeout)
        except BaseException:
            connection.close()
            raise
        if response.last:
            connection.close()
        else:
            self._idle.put(connection)
        return response
