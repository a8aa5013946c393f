"""Changes of a table that are tried again after another writer's came between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from larder.backoff import Backoff
from larder.errors import ServiceUnavailable
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.ports import Remaining

T = TypeVar("T")
_BACKOFF = Backoff()


@dataclass(frozen=True, slots=True)
class Settling:
    """Tries a change until it is committed; ``conflict`` is what another writer's one raises."""

    conflict: type[Exception]
    backoff: Backoff = _BACKOFF

    def until_settled(self, table: str, attempt: Callable[[], T], remaining: Remaining) -> T:
        """What the first attempt without a conflict gives.

        Raises:
            ServiceUnavailable: the time is over.
        """

        def translated() -> T:
            with translated_errors(table):
                return attempt()

        again_after = (self.conflict, ServiceUnavailable)
        try:
            return self.backoff.call(translated, after=again_after, remaining=remaining)
        except again_after as error:
            raise ServiceUnavailable(
                f"the offline table {table} could not be written in time: {error}"
            ) from error
