"""What takes the place of a value in a reply, and counts of errors."""

from __future__ import annotations

from threading import Lock

TIMED_OUT = "timeout"


class NoReply:
    """A call has no result. It may have taken effect, unless it was ``refused``.

    ``reason`` is for people: a timeout, a lost connection, or the server's own error text.
    """

    __slots__ = ("reason", "refused")

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        self.reason = reason
        self.refused = refused

    def __repr__(self) -> str:
        """As a failed assertion shows it."""
        return f"NoReply({self.reason!r}, refused={self.refused})"


class ErrorReply(Exception):
    """An error that the server replied with."""

    @property
    def words(self) -> list[str]:
        """The text by words; never empty."""
        return str(self).split() or [""]

    @property
    def code(self) -> str:
        """The kind of error: MOVED, NOSCRIPT, LOADING, ERR and so on."""
        return self.words[0]

    def as_no_reply(self) -> NoReply:
        """What the caller gets."""
        return NoReply(str(self), refused=True)


class ErrorCounts:
    """How often something went wrong; many threads may add."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.disruptions = 0
        self.timeouts = 0

    def disrupted(self) -> None:
        """Count an established connection that was lost, or a slot or a role that moved."""
        with self._lock:
            self.disruptions += 1

    def timed_out(self) -> None:
        """Count a reply, or a connection, that did not come in time."""
        with self._lock:
            self.timeouts += 1
