"""Deletions of the history put online as they are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from larder.backoff import Backoff
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.records.ports import RecordWrites, Write

_REFUSED = (ThrottlingException, ServiceUnavailable)
_PATIENCE = 300.0


def put_tombstones(
    tombstones: Sequence[Write], writes: RecordWrites, clock: Callable[[], int], backoff: Backoff
) -> int:
    """Write tombstones where nothing newer is stored; how many are stored now.

    ``clock`` gives nanoseconds since the epoch.

    Raises:
        ServiceUnavailable: the store did not take some of them within five minutes.
    """
    pending, stored = list(tombstones), 0

    def put() -> bool:
        nonlocal pending, stored
        answers = writes.put_all(pending, now_nanos=clock())
        stored += answers.count(None)
        pairs = zip(pending, answers, strict=True)
        pending = [write for write, answer in pairs if isinstance(answer, _REFUSED)]
        return not pending

    end = clock() + int(_PATIENCE * 1e9)
    backoff.until(put, remaining=lambda: (end - clock()) / 1e9)
    if pending:
        raise ServiceUnavailable(
            f"{len(pending)} deletions could not be repeated in time: run it again"
        )
    return stored
