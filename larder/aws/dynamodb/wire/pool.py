"""Connections kept open between requests, shared by a process's threads."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable

from larder.aws.dynamodb.wire.connection import Connection, HttpResponse, StaleConnection
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.idle_connections import IdleConnections
from larder.aws.permits import Permits
from larder.aws.trust import Trust

_CONNECT_SECONDS = 1.0


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
        if not self._free.acquire(timeout):
            raise TimeoutError("all connections are busy")
        try:
            kept = self._idle.take()
            if kept is not None:
                try:
                    return self._use(kept, request, timeout)
                except StaleConnection:
                    self.close()  # the others have been idle as long
            return self._use(self._connect(min(timeout, _CONNECT_SECONDS)), request, timeout)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._idle.close()

    def _connect(self, timeout: float) -> Connection:
        trust = self._trust
        if trust is None:
            return Connection.open(self._endpoint, None, timeout)
        try:
            return Connection.open(self._endpoint, trust.context, timeout)
        except ssl.SSLCertVerificationError:
            if not trust.widen():
                raise
            return Connection.open(self._endpoint, trust.context, timeout)

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
