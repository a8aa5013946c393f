"""Connections that take longer to open than whoever wants one can wait.

A read waits milliseconds for Valkey; a TLS handshake and an authentication may take more. If what
was begun were given up each time, no read would ever be answered. So a thread goes on with it, and
a later call finds the connection, or waits for it in its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

from larder.valkey.connection import FAULTS, Connection


class StillOpening(TimeoutError):
    """There is no connection yet, but there may be one soon."""


class Opening:
    """A connection that is being opened, for one waiter at a time.

    ``late`` is told the outcome if nobody waits any more: the connection, or None.
    """

    def __init__(
        self, connect: Callable[[], Connection], late: Callable[[Connection | None], None]
    ) -> None:
        self._connect = connect
        self._late = late
        self._lock = Lock()
        self._finished = Event()
        self._wanted = True
        self._connection: Connection | None = None
        self._error: BaseException | None = None
        Thread(target=self._open, name="valkey-opening", daemon=True).start()

    def wait(self, seconds: float) -> Connection:
        """The connection.

        Raises:
            StillOpening: not yet; from now on nobody waits.
            BaseException: what opening it raised.
        """
        self._finished.wait(seconds)
        with self._lock:
            if not self._finished.is_set():
                self._wanted = False
                raise StillOpening
        if self._connection is None:
            raise self._error or StillOpening
        return self._connection

    def adopt(self) -> bool:
        """Be the one who waits; False if it has ended, and ``late`` was told."""
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
            self._late(self._connection)
            if self._error is not None and not isinstance(self._error, FAULTS):
                raise self._error  # shown as a thread's end; a fault of the network is not
