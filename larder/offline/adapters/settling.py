"""Trying again what another writer's change came between, until it settles or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from larder.backoff import Backoff
from larder.errors import NewerFormat, ServiceUnavailable
from larder.offline.adapters.iceberg.errors import FileMissing, translated_errors
from larder.offline.ports import Remaining, TableUnusable

T = TypeVar("T")
_BACKOFF = Backoff()
_FAULT_PATIENCE = 10.0
"""Seconds for which faults of one table are tried again: other tables of the batch wait for it."""
_LOOKS = 3
"""How often a file that is gone is looked for, each time by newly read metadata."""


@dataclass(frozen=True, slots=True)
class Settling:
    """Tries a change until it is committed; ``conflict`` is what another writer's one raises.

    Conflicts are tried again while time remains, since each means that another writer made
    progress. Faults of storage or catalog are tried again for 10 s. A file that is gone is looked
    for three times.
    """

    conflict: type[Exception]
    backoff: Backoff = _BACKOFF
    clock: Callable[[], float] = time.monotonic

    def until_settled(self, table: str, attempt: Callable[[], T], remaining: Remaining) -> T:
        """What the first attempt without a conflict gives.

        Raises:
            ServiceUnavailable: the time is over.
            TableUnusable: a file of the table is gone, and stays so.
            NewerFormat: a newer release wrote what is kept of the table; that is not tried again.
        """
        end = self.clock() + _FAULT_PATIENCE
        tries = _Tries(table, attempt, self.conflict)
        again_after = (self.conflict, ServiceUnavailable, FileMissing)
        try:
            return self.backoff.call(
                tries.one,
                after=again_after,
                remaining=lambda: (
                    remaining() if tries.overtaken else min(remaining(), end - self.clock())
                ),
            )
        except _Newer as error:
            raise error.found from error.found.__cause__
        except again_after as error:
            raise ServiceUnavailable(
                f"the offline table {table} could not be written in time: {error}"
            ) from error


class _Newer(Exception):
    """What is not tried again, although ``found`` is a ``ServiceUnavailable``."""

    def __init__(self, found: NewerFormat) -> None:
        super().__init__(str(found))
        self.found = found


@dataclass(slots=True)
class _Tries(Generic[T]):
    """``overtaken`` says whether the last try ended in a conflict."""

    table: str
    attempt: Callable[[], T]
    conflict: type[Exception]
    overtaken: bool = False
    looks: int = 0

    def one(self) -> T:
        self.overtaken = False
        try:
            with translated_errors(self.table):
                return self.attempt()
        except NewerFormat as error:
            raise _Newer(error) from error
        except FileMissing as error:
            self.looks += 1
            if self.looks < _LOOKS:
                raise
            raise TableUnusable(str(error)) from error
        except self.conflict:
            self.overtaken = True
            raise
