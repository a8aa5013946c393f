"""The offline store from Python: what its tables hold, and until when they are complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from larder.client.html import table
from larder.offline.status import GroupStatus, OfflineStatus

_COLUMNS = ("Group", "Table", "Rows", "Files", "Bytes", "Complete up to", "Lag (s)", "Problem")


class OfflineStatusList(list[GroupStatus]):
    """The status of some groups' offline tables."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return table("Offline store", _COLUMNS, map(_row, self))


@dataclass(frozen=True, slots=True)
class OfflineClient:
    """A platform's offline store."""

    tables: OfflineStatus

    def status(self, groups: str | Iterable[str] = ()) -> OfflineStatusList:
        """Rows, files, snapshot and watermark of groups, by default of all.

        Every write accepted by a group's watermark is in its table. Where that can't be proven the
        watermark is ``None``, and ``unknown`` has the reason.

        Raises:
            ResourceNotFound: there is no such group.
        """
        asked = [groups] if isinstance(groups, str) else list(groups)
        return OfflineStatusList(self.tables.of(asked))


def _row(status: GroupStatus) -> tuple[object, ...]:
    state, lag = status.state, status.lag_seconds
    held = (state.rows, state.files, state.bytes) if state else (None, None, None)
    until = status.watermark
    complete = status.unknown if until is None else datetime.fromtimestamp(until // 10**6, UTC)
    seconds = None if lag is None else round(lag)
    return (status.group, status.table, *held, complete, seconds, status.problem)
