"""One node, and the connections to it that threads share."""

from __future__ import annotations

from collections import deque

from larder.aws.idle_connections import IdleConnections
from larder.aws.permits import Permits
from larder.valkey.answers import Troubles
from larder.valkey.connection import Connection, Connector, Deadline, ValkeyEndpoint
from larder.valkey.opening import Opening, StillOpening

_LONGEST_LIFE = 11 * 3600.0
"""Seconds. ElastiCache ends a connection that authenticated by IAM after 12 hours."""


class Node:
    """A server, and at most ``size`` connections to it."""

    def __init__(
        self, endpoint: ValkeyEndpoint, connector: Connector, troubles: Troubles, size: int
    ) -> None:
        self.address = (endpoint.host, endpoint.port)
        self.troubles = troubles
        self.free = Permits(size)
        self._endpoint = endpoint
        self._connector = connector
        self._idle: IdleConnections[Connection] = IdleConnections(
            clock=connector.clock, on_closed=troubles.disrupted
        )
        self._openings: deque[Opening] = deque()
        self._retired = False

    def kept(self) -> Connection | None:
        """An open connection that nobody uses, if there is one that is not too old."""
        while (connection := self._idle.take()) is not None:
            if self._connector.clock() - connection.opened < _LONGEST_LIFE:
                return connection
            connection.close()
        return None

    def fresh(self, deadline: Deadline) -> Connection:
        """A new connection, or one that was begun for somebody who could not wait for it.

        Raises:
            StillOpening: there is none yet. The caller's place among the ``size`` is now that of
                the connection to come.
            OSError, Refusal: see ``Connector.open``.
        """
        opening = self._adopted() or Opening(self._open, self._came_late)
        try:
            return opening.wait(deadline.remaining())
        except StillOpening:
            self._openings.append(opening)
            raise

    def keep(self, connection: Connection) -> None:
        """Take back a connection on which nothing is outstanding."""
        self._idle.put(connection)
        if self._retired:
            self._idle.close()

    def _open(self) -> Connection:
        return self._connector.open(self._endpoint)

    def _adopted(self) -> Opening | None:
        """What was begun for another and is still under way."""
        while True:
            try:
                opening = self._openings.pop()
            except IndexError:
                return None
            if opening.adopt():
                self.free.release()  # we have a place of our own
                return opening

    def _came_late(self, connection: Connection | None) -> None:
        if connection is not None:
            self.keep(connection)
        self.free.release()

    def close_idle(self) -> None:
        """Close all connections that are not in use."""
        self._idle.close()

    def retire(self) -> None:
        """Close all connections, those in use as soon as they come back."""
        self._retired = True
        self._idle.close()
