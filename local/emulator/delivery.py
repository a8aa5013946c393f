"""How an event source mapping moves along a stream. Pure: no clock, no I/O, nothing of ministack.

The rules are AWS Lambda's for DynamoDB streams: a batch is cut when it is full or its window is
over; a failed batch is split in two where the mapping says so, which costs no attempt; otherwise it
is retried until its attempts or its records' age run out; a function that reports batch item
failures is retried from the first one it names.
"""

import math
from dataclasses import dataclass, field
from typing import Any

_LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the mapping asks for. ``None`` means without limit (-1 in the API)."""

    batch_size: int
    window_seconds: float = 0.0
    bisect: bool = False
    max_retries: int | None = None
    max_age_seconds: float | None = None
    reports_item_failures: bool = False

    @classmethod
    def of(cls, mapping: dict[str, Any], *, window_limit: float = math.inf) -> "Policy":
        """The policy of an event source mapping as the Lambda API describes it."""
        return cls(
            batch_size=int(mapping.get("BatchSize", 100)),
            window_seconds=min(
                float(mapping.get("MaximumBatchingWindowInSeconds", 0)), window_limit
            ),
            bisect=_truth(mapping.get("BisectBatchOnFunctionError", False)),
            max_retries=_limit(mapping.get("MaximumRetryAttempts")),
            max_age_seconds=_limit(mapping.get("MaximumRecordAgeInSeconds")),
            reports_item_failures="ReportBatchItemFailures"
            in (mapping.get("FunctionResponseTypes") or []),
        )


@dataclass(slots=True)
class Delivery:
    """How far a mapping is. ``position`` is the first stream position not yet done with.

    Attributes:
        attempts: Failed invocations of the piece that starts at ``position``.
        not_before: Time before which nothing is delivered (a pause after a failure).
        busy: An invocation is under way; the owner sets and clears it.
    """

    position: int
    attempts: int = 0
    not_before: float = -math.inf
    busy: bool = False
    _ends: list[int] = field(default_factory=list)
    _waiting_since: float | None = None

    def next_piece(self, *, end: int, now: float, policy: Policy) -> tuple[int, int] | None:
        """The positions [first, last) to deliver now, or None: nothing there, or too early."""
        if now < self.not_before:
            return None
        if self._ends:
            return self.position, self._ends[-1]
        waiting = end - self.position
        if waiting <= 0:
            self._waiting_since = None
            return None
        if self._waiting_since is None:
            self._waiting_since = now
        if waiting < policy.batch_size and now - self._waiting_since < policy.window_seconds:
            return None
        self._waiting_since = None
        self._ends = [self.position + min(waiting, policy.batch_size)]
        return self.position, self._ends[-1]

    def narrow(self, last: int) -> None:
        """Deliver the current piece only up to ``last``; the rest follows as a piece of its own."""
        self._ends.append(last)

    def succeeded(self) -> None:
        """The current piece is done."""
        self.position = self._ends.pop()
        self.attempts = 0

    def progressed(self, position: int) -> None:
        """Everything before ``position``, within the current piece, is done."""
        if position > self.position:
            self.position = position
            self.attempts = 0

    def failed(self, *, now: float, oldest: float, policy: Policy) -> bool:
        """Decide what follows a failure of the current piece.

        ``oldest`` is the creation time of its first record. Returns True when the piece is given
        up: the caller sends it to the failure destination and then calls ``succeeded``.
        """
        size = self._ends[-1] - self.position
        too_old = policy.max_age_seconds is not None and now - oldest > policy.max_age_seconds
        if policy.bisect and size > 1 and not too_old:
            self._ends.append(self.position + size // 2)
            return False
        self.attempts += 1
        spent = policy.max_retries is not None and self.attempts > policy.max_retries
        if spent or too_old:
            return True
        self.not_before = now + min(_LONGEST_PAUSE_SECONDS, 0.5 * 2 ** (self.attempts - 1))
        return False

    def refused(self, now: float) -> None:
        """The function was throttled: try the same piece again shortly; no attempt is counted."""
        self.not_before = now + 1.0


def first_failed_item(response: object, sequence_numbers: list[str]) -> int | None:
    """Index of the first record that a batch response reports as failed; None if none is.

    A report that names no record of the batch fails all of it (index 0), as on AWS.
    """
    if not isinstance(response, dict) or not response.get("batchItemFailures"):
        return None
    named = {str(item.get("itemIdentifier")) for item in response["batchItemFailures"]}
    known = [index for index, number in enumerate(sequence_numbers) if number in named]
    return known[0] if known and len(known) == len(named) else 0


def _limit(value: Any) -> int | None:
    return None if value is None or int(value) < 0 else int(value)


def _truth(value: object) -> bool:
    return str(value).lower() == "true"
