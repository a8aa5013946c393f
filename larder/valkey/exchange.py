"""Requests on their way to a node, and their replies.

Begun and finished apart, so that several nodes work at the same time for one caller.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final

from larder.valkey.answers import TIMED_OUT, Refusal, Unanswered
from larder.valkey.connection import FAULTS, Connection, Deadline
from larder.valkey.node import Node
from larder.valkey.opening import StillOpening

_LOST = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_LATE = (TimeoutError, BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Exchange:
    """An exchange that has begun: it must be finished, or abandoned, by the same thread.

    A kept connection may turn out to be closed. Where that is so before the first byte of a reply,
    the requests are sent once more over a new one: all that Larder sends is idempotent.
    """

    __slots__ = (
        "_connection",
        "_count",
        "_deadline",
        "_failure",
        "_held",
        "_kept",
        "_replies",
        "_requests",
        "node",
    )

    def __init__(self, node: Node, requests: bytes, count: int, deadline: Deadline) -> None:
        self.node: Final = node
        self._requests = requests
        self._count = count
        self._deadline = deadline
        self._replies: list[object] = []
        self._failure: Unanswered | None = None
        self._connection: Connection | None = None
        self._kept = False
        self._held = node.free.acquire(deadline.remaining())
        if self._held:
            self._attempt(self._start)
        else:
            node.troubles.timed_out()
            self._failure = Unanswered(f"{TIMED_OUT}: all connections are busy")

    def finish(self) -> list[object]:
        """The replies in order: ``Refusal`` for an error, ``Unanswered`` for what is missing."""
        if self._failure is None:
            self._attempt(self._read)
        replies = self._replies
        if self._failure is None and self._connection is not None:
            if self._connection.has_more():
                self._connection.close()
            else:
                self.node.keep(self._connection)
            self._connection = None
        else:
            replies += [self._failure] * (self._count - len(replies))
        self.abandon()
        return replies

    def abandon(self) -> None:
        """Let go of what is held; without effect after the end."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._held:
            self._held = False
            self.node.free.release()

    def _start(self) -> None:
        self._connection = self.node.kept()
        if self._connection is None:
            self._start_anew()
            return
        self._kept = True
        try:
            self._connection.send(self._requests, self._deadline)
        except _LOST:
            self._start_over()

    def _read(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.receive(self._count, self._replies, self._deadline)
        except _LOST:
            if not self._kept or self._connection.answered:
                raise
            self._start_over().receive(self._count, self._replies, self._deadline)

    def _start_over(self) -> Connection:
        self.node.troubles.disrupted()
        self.node.close_idle()  # the others lie as long
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return self._start_anew()

    def _start_anew(self) -> Connection:
        self._kept = False
        try:
            self._connection = self.node.fresh(self._deadline)
        except StillOpening:
            self._held = False  # our place goes to the connection that is to come
            raise
        self._connection.send(self._requests, self._deadline)
        return self._connection

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except FAULTS as error:
            self._failure = self._failed(error)
        except BaseException:
            self.abandon()
            raise

    def _failed(self, error: Exception) -> Unanswered:
        if isinstance(error, Refusal):
            return error.unanswered()
        if isinstance(error, _LATE):
            self.node.troubles.timed_out()
            return Unanswered(TIMED_OUT)
        if self._connection is None:
            return Unanswered(f"no connection: {error}")
        self.node.troubles.disrupted()
        return Unanswered(f"lost connection: {error}")
