"""What stands in the place of a reply, and what is counted beside the replies."""

from __future__ import annotations

from threading import Lock

TIMED_OUT = "timeout"


class Unanswered:
    """There is no reply to a call: whether it took effect is unknown unless it was ``refused``.

    ``reason`` is for people: a timeout, a lost connection, or the server's own error text.
    """

    __slots__ = ("reason", "refused")

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        self.reason = reason
        self.refused = refused

    def __repr__(self) -> str:
        """As a failed assertion shows it."""
        return f"Unanswered({self.reason!r}, refused={self.refused})"


class Refusal(Exception):
    """An error reply; ``code`` is its first word, and ``words`` are all of them."""

    @property
    def words(self) -> list[str]:
        """The text by words; never empty."""
        return str(self).split() or [""]

    @property
    def code(self) -> str:
        """What kind of refusal: MOVED, NOSCRIPT, LOADING, ERR and so on."""
        return self.words[0]

    def unanswered(self) -> Unanswered:
        """What the caller is given."""
        return Unanswered(str(self), refused=True)


class Troubles:
    """Counts of what went wrong, added to by many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.disruptions = 0
        self.timeouts = 0

    def disrupted(self) -> None:
        """An established connection is lost, or a slot or the role of a node has moved."""
        with self._lock:
            self.disruptions += 1

    def timed_out(self) -> None:
        """Somebody's patience ended."""
        with self._lock:
            self.timeouts += 1
