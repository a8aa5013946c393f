"""Connections that take longer to open than a caller can wait.

A read waits milliseconds for Valkey; a TLS handshake and an authentication may take more. If they
were given up each time, no read would ever be answered. So a thread completes them, and a later
call finds the connection, or goes on waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

from larder.valkey.connection import FAULTS, Connection


class HandshakePending(TimeoutError):
    """There is no connection yet; there may be one soon."""


class Handshake:
    """A connection that a thread opens, for one waiter at a time.

    ``on_late`` gets the outcome where no waiter is left: the connection, or ``None``.
    """

    def __init__(
        self, connect: Callable[[], Connection], on_late: Callable[[Connection | None], None]
    ) -> None:
        self._connect = connect
        self._on_late = on_late
        self._lock = Lock()
        self._finished = Event()
        self._wanted = True
        self._connection: Connection | None = None
        self._error: BaseException | None = None

    def start(self) -> Handshake:
        """Begin, in a thread of its own."""
        Thread(target=self._open, name="valkey-handshake", daemon=True).start()
        return self

    def wait(self, seconds: float) -> Connection:
        """The connection.

        Raises:
            HandshakePending: it is not open yet; from now on there is no waiter.
            BaseException: what opening it raised.
        """
        self._finished.wait(seconds)
        with self._lock:
            if not self._finished.is_set():
                self._wanted = False
                raise HandshakePending
        if self._connection is None:
            raise self._error or HandshakePending
        return self._connection

    def claim(self) -> bool:
        """Become the waiter; ``False`` if it has ended, and ``on_late`` got the outcome."""
        with self._lock:
            self._wanted = not self._finished.is_set()
            return self._wanted

    def _open(self) -> None:
        try:
            self._connection = self._connect()
        except BaseException as error:  # raised where somebody waits
            self._error = error
        with self._lock:
            self._finished.set()
            wanted = self._wanted
        if not wanted:
            self._on_late(self._connection)
            if self._error is not None and not isinstance(self._error, FAULTS):
                raise self._error  # shown as a thread's end; a fault of the network is not
