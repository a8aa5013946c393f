"""One node, and the connections to it that threads share."""

from __future__ import annotations

from collections import deque

from larder.aws.idle_connections import IdleConnections
from larder.aws.permits import Permits
from larder.valkey.connection import Connection, Connector, Deadline, ValkeyEndpoint
from larder.valkey.handshake import Handshake, HandshakePending
from larder.valkey.replies import ErrorCounts

_LONGEST_LIFE = 11 * 3600.0
"""Seconds. ElastiCache ends a connection that authenticated by IAM after 12 hours."""


class Node:
    """A server, and at most ``size`` connections to it.

    ``free`` counts the connections that may still be taken into use.
    """

    def __init__(
        self, endpoint: ValkeyEndpoint, connector: Connector, errors: ErrorCounts, size: int
    ) -> None:
        self.address = (endpoint.host, endpoint.port)
        self.errors = errors
        self.free = Permits(size)
        self._endpoint = endpoint
        self._connector = connector
        self._idle: IdleConnections[Connection] = IdleConnections(
            clock=connector.clock, on_closed=errors.disrupted
        )
        self._handshakes: deque[Handshake] = deque()
        self._retired = False

    def take_idle(self) -> Connection | None:
        """An open connection that is not in use and not too old; ``None`` if all are in use."""
        while (connection := self._idle.take()) is not None:
            if self._connector.clock() - connection.opened < _LONGEST_LIFE:
                return connection
            connection.close()
        return None

    def connect(self, deadline: Deadline) -> Connection:
        """A new connection, or one that an earlier call began and could not wait for.

        Raises:
            HandshakePending: no connection is open yet. The caller's place among the ``size``
                now belongs to the connection to come.
            OSError, ErrorReply: as ``Connector.open``.
        """
        handshake = self._claimed() or Handshake(self._open, self._came_late).start()
        try:
            return handshake.wait(deadline.remaining())
        except HandshakePending:
            self._handshakes.append(handshake)
            raise

    def put_back(self, connection: Connection) -> None:
        """Keep a connection for later; no reply may be outstanding on it."""
        self._idle.put(connection)
        if self._retired:
            self._idle.close()

    def _open(self) -> Connection:
        return self._connector.open(self._endpoint)

    def _claimed(self) -> Handshake | None:
        """A handshake that is still under way and that no call waits for."""
        while True:
            try:
                handshake = self._handshakes.pop()
            except IndexError:
                return None
            if handshake.claim():
                self.free.release()  # the caller has a place of its own
                return handshake

    def _came_late(self, connection: Connection | None) -> None:
        if connection is not None:
            self.put_back(connection)
        self.free.release()

    def close_idle(self) -> None:
        """Close all connections that are not in use."""
        self._idle.close()

    def retire(self) -> None:
        """Close all connections, those in use as soon as they come back."""
        self._retired = True
        self._idle.close()
