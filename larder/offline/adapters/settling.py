"""Trying again what somebody else's change came between, until it settles or the time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from larder.errors import ServiceUnavailable
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.ports import Remaining

T = TypeVar("T")
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Settling:
    """Pauses between tries with full jitter, twice as long each time, at most 5 s.

    ``conflict`` is what says that somebody was faster.
    """

    conflict: type[Exception]
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def until_settled(self, table: str, attempt: Callable[[], T], remaining: Remaining) -> T:
        """What the first attempt without a conflict gives.

        Raises:
            ServiceUnavailable: the time is over.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                with translated_errors(table):
                    return attempt()
            except (self.conflict, ServiceUnavailable) as error:
                wait = pause * self.jitter()
                if remaining() <= wait:
                    raise ServiceUnavailable(
                        f"the offline table {table} could not be written in time: {error}"
                    ) from error
                self.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
