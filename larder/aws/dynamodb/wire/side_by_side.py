"""Several requests under way at once, each on a connection of its own, all by one thread.

A thread for each request would cost more CPU than the request. Here the thread sends on several
connections and sleeps until one of them has an answer. It reads that, and sends the next request
there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from select import POLLIN, poll
from time import monotonic
from typing import Protocol

from larder.aws.dynamodb.wire.connection import (
    BrokenResponse,
    Connection,
    HttpResponse,
    StaleConnection,
)

Failure = BrokenResponse | OSError


class Connections(Protocol):
    """Where connections come from and go to."""

    def take(self) -> Connection | None:
        """A connection that is probably open, if one is idle."""

    def keep(self, connection: Connection) -> None:
        """Take back a connection on which no answer is outstanding."""

    def open(self, until: float) -> Connection:
        """A new connection, opened by a moment of ``time.monotonic``; raises ``OSError``."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request that waits for its answer; ``fresh`` where it is the connection's first."""

    number: int
    connection: Connection
    fresh: bool
    until: float


class SideBySide:
    """One run: ``width`` requests at a time, each with ``timeout`` seconds from when it is sent."""

    def __init__(
        self, connections: Connections, requests: Sequence[bytes], *, timeout: float, width: int
    ) -> None:
        self._connections = connections
        self._requests = requests
        self._timeout = timeout
        self._width = width
        self._queue = deque(range(len(requests)))
        self._results: dict[int, HttpResponse | Failure] = {}
        self._sent: dict[int, _Sent] = {}
        self._poll = poll()

    def answers(self) -> list[HttpResponse | Failure]:
        """The answer or the failure of each request, in their order."""
        try:
            for _ in range(self._width):
                self._send_next(None)
            while self._sent:
                self._wait()
        finally:
            for each in self._sent.values():  # left only by a bug or an interrupt
                each.connection.close()
        return [self._results[number] for number in range(len(self._requests))]

    def _wait(self) -> None:
        pause = min(each.until for each in self._sent.values()) - monotonic()
        for descriptor, _ in self._poll.poll(max(0.0, pause * 1000)):
            self._receive(descriptor)
        now = monotonic()
        for descriptor in [fd for fd, each in self._sent.items() if each.until <= now]:
            late = self._landed(descriptor)
            self._fail(late, TimeoutError("no answer in time"))

    def _receive(self, descriptor: int) -> None:
        sent = self._landed(descriptor)
        try:
            answer = sent.connection.receive(sent.until - monotonic())
        except (BrokenResponse, OSError) as failure:
            if isinstance(failure, StaleConnection) and not sent.fresh:
                sent.connection.close()
                if not self._is_sent_on_a_fresh_one(sent.number):
                    self._send_next(None)
            else:
                self._fail(sent, failure)
            return
        self._results[sent.number] = answer
        if answer.last:
            sent.connection.close()
        self._send_next(None if answer.last else sent.connection)

    def _fail(self, sent: _Sent, failure: Failure) -> None:
        sent.connection.close()
        self._results[sent.number] = failure
        self._send_next(None)

    def _send_next(self, connection: Connection | None) -> None:
        """Send the next request on a connection that has just answered, or on another."""
        while self._queue:
            number = self._queue.popleft()
            kept = connection or self._connections.take()
            if kept is not None and self._is_sent(number, kept):
                return
            if self._is_sent_on_a_fresh_one(number):
                return
            connection = None
        if connection is not None:
            self._connections.keep(connection)

    def _is_sent(self, number: int, kept: Connection) -> bool:
        """Whether a connection that served before took the request; it is closed if not."""
        until = monotonic() + self._timeout
        try:
            kept.send(self._requests[number], self._timeout)
        except (BrokenResponse, OSError):
            kept.close()
            return False
        self._launched(_Sent(number, kept, False, until))
        return True

    def _is_sent_on_a_fresh_one(self, number: int) -> bool:
        """Whether a new connection took the request; if not, the failure is its result."""
        until = monotonic() + self._timeout
        fresh = None
        try:
            fresh = self._connections.open(until)
            fresh.send(self._requests[number], until - monotonic())
        except (BrokenResponse, OSError) as failure:
            if fresh is not None:
                fresh.close()
            self._results[number] = failure
            return False
        self._launched(_Sent(number, fresh, True, until))
        return True

    def _launched(self, sent: _Sent) -> None:
        descriptor = sent.connection.fileno()
        self._sent[descriptor] = sent
        self._poll.register(descriptor, POLLIN)

    def _landed(self, descriptor: int) -> _Sent:
        self._poll.unregister(descriptor)
        return self._sent.pop(descriptor)
