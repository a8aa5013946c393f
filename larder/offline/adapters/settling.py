"""Trying again what somebody else's change came between, until it settles or the time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from larder.errors import ServiceUnavailable
from larder.offline.adapters.iceberg.errors import FileMissing, translated_errors
from larder.offline.ports import Remaining

T = TypeVar("T")
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_FAULT_PATIENCE = 10.0
"""Seconds for which faults of one table are tried again: other tables of the batch wait for it."""
_LOOKS = 3
"""How often a file that is gone is looked for, each time by newly read metadata."""


@dataclass(frozen=True, slots=True)
class Settling:
    """Tries again, with pauses of full jitter, twice as long each time, at most 5 s.

    ``conflict`` is the error that says that another writer was faster. Conflicts are tried again
    while time remains, since each means that another writer made progress. Faults of storage or
    catalog are tried again for 10 s, a file that is gone is looked for three times.
    """

    conflict: type[Exception]
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic

    def until_settled(self, table: str, attempt: Callable[[], T], remaining: Remaining) -> T:
        """What the first attempt without a conflict gives.

        Raises:
            ServiceUnavailable: the time is over.
            TableUnusable: a file of the table is gone, and stays so.
        """
        pause = _FIRST_PAUSE
        faults_end = self.clock() + _FAULT_PATIENCE
        for look in count(1):
            try:
                with translated_errors(table):
                    return attempt()
            except (self.conflict, ServiceUnavailable, FileMissing) as error:
                if isinstance(error, FileMissing) and look >= _LOOKS:
                    raise
                wait = pause * self.jitter()
                left = remaining()
                if not isinstance(error, self.conflict):
                    left = min(left, faults_end - self.clock())
                if left <= wait:
                    raise ServiceUnavailable(
                        f"the offline table {table} could not be written in time: {error}"
                    ) from error
                self.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise AssertionError("count() has no end")
