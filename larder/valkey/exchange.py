"""Requests on their way to a node, and their replies.

Starting and finishing are apart, so that several nodes work at the same time for one caller.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final

from larder.valkey.connection import FAULTS, Connection, Deadline
from larder.valkey.handshake import HandshakePending
from larder.valkey.node import Node
from larder.valkey.replies import TIMED_OUT, ErrorReply, NoReply

_LOST = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_LATE = (TimeoutError, BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Exchange:
    """Requests to one node. What was started must be finished, or abandoned, by the same thread.

    A kept connection may turn out to be closed. Where that is so before the first byte of a reply,
    the requests go once more over a new one: all that Larder sends is idempotent.
    """

    __slots__ = (
        "_connection",
        "_count",
        "_deadline",
        "_failure",
        "_holds_place",
        "_replies",
        "_requests",
        "_reused",
        "node",
    )

    def __init__(self, node: Node, requests: bytes, count: int, deadline: Deadline) -> None:
        self.node: Final = node
        self._requests = requests
        self._count = count
        self._deadline = deadline
        self._replies: list[object] = []
        self._failure: NoReply | None = None
        self._connection: Connection | None = None
        self._reused = False
        self._holds_place = False

    def start(self) -> Exchange:
        """Take a connection and send; what goes wrong shows in the replies."""
        self._holds_place = self.node.free.acquire(self._deadline.remaining())
        if self._holds_place:
            self._attempt(self._send)
        else:
            self.node.errors.timed_out()
            self._failure = NoReply(f"{TIMED_OUT}: all connections are busy")
        return self

    def finish(self) -> list[object]:
        """The replies in order: ``ErrorReply`` for an error, ``NoReply`` for what is missing."""
        if self._failure is None:
            self._attempt(self._receive)
        replies = self._replies
        if self._failure is None and self._connection is not None:
            if self._connection.has_more():
                self._connection.close()
            else:
                self.node.put_back(self._connection)
            self._connection = None
        else:
            replies += [self._failure] * (self._count - len(replies))
        self.abandon()
        return replies

    def abandon(self) -> None:
        """Release what is held; without effect after the end."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._holds_place:
            self._holds_place = False
            self.node.free.release()

    def _send(self) -> None:
        self._connection = self.node.take_idle()
        if self._connection is None:
            self._send_anew()
            return
        self._reused = True
        try:
            self._connection.send(self._requests, self._deadline)
        except _LOST:
            self._send_again()

    def _receive(self) -> None:
        """Wait for the replies as long as a whole call may take, whatever went before.

        In a process of busy threads milliseconds pass while this one waits for the interpreter. The
        server had no part in that, and may well have replied.
        """
        if self._connection is None:
            return
        self._deadline = self._deadline.renewed()
        try:
            self._connection.receive(self._count, self._replies, self._deadline)
        except _LOST:
            if not self._reused or self._connection.answered:
                raise
            self._send_again().receive(self._count, self._replies, self._deadline)

    def _send_again(self) -> Connection:
        self.node.errors.disrupted()
        self.node.close_idle()  # the others have been idle as long
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return self._send_anew()

    def _send_anew(self) -> Connection:
        self._reused = False
        try:
            self._connection = self.node.connect(self._deadline)
        except HandshakePending:
            self._holds_place = False  # it belongs to the connection to come
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

    def _failed(self, error: Exception) -> NoReply:
        if isinstance(error, ErrorReply):
            return error.as_no_reply()
        if isinstance(error, _LATE):
            self.node.errors.timed_out()
            return NoReply(TIMED_OUT)
        if self._connection is None:
            return NoReply(f"no connection: {error}")
        self.node.errors.disrupted()
        return NoReply(f"lost connection: {error}")
