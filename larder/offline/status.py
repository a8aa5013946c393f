"""The offline store's state: what each group's table holds, and until when it is complete.

A watermark is given where it is proven and is otherwise unknown, with the reason: "now" is never
said of a stream just because it is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from larder.errors import LarderError, NewerFormat, ResourceNotFound
from larder.groups.feature_group import FeatureGroup
from larder.groups.ports import Registry
from larder.offline.feature_table import has_iceberg
from larder.telemetry.newer import Unread

_NEVER = "no round of heartbeats has passed yet; the first takes about two minutes"


@dataclass(frozen=True, slots=True)
class TableState:
    """What a table holds. Times are in µs since the epoch; ``None`` where nothing was written.

    ``last_commit`` is the last commit of rows, where the snapshot may be one of maintenance.
    """

    rows: int = 0
    files: int = 0
    bytes: int = 0
    snapshots: int = 0
    snapshot_id: int | None = None
    snapshot_time: int | None = None
    last_commit: int | None = None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Identities of the groups with records that were spilled or set aside, and not redriven.

    ``anybody`` says why there may be records of any group among them.
    """

    uids: Collection[str] = frozenset()
    anybody: str | None = None


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """One group's line.

    Every write accepted by ``watermark`` (by its write time, µs since the epoch) is in the table.
    Where it is ``None``, ``unknown`` says why. ``lag_seconds`` is its age. ``state`` is ``None``
    where the table could not be read, for the reason ``problem``. It is also ``None`` for a table
    of format Glue, which keeps no account of its files.
    """

    group: str
    table: str
    state: TableState | None
    watermark: int | None
    lag_seconds: float | None
    unknown: str | None = None
    problem: str | None = None


class TableStates(Protocol):
    """Reads tables' metadata; raises as ``larder.offline.ports.OfflineTables``."""

    def state(self, group: FeatureGroup) -> TableState:
        """What the group's table holds now."""


@dataclass(frozen=True, slots=True)
class OfflineStatus:
    """Gives the state of groups' offline tables.

    ``watermark`` gives the stream's (``larder.offline.watermark``), ``unwritten`` what is missing
    from the tables although the stream has passed it; it is asked after the watermark, so that
    what is spilled meanwhile counts. ``clock`` gives µs since the epoch.
    """

    registry: Registry
    tables: TableStates
    watermark: Callable[[], int | None]
    unwritten: Callable[[], Unwritten]
    clock: Callable[[], int]

    def of(self, names: Iterable[str] = ()) -> list[GroupStatus]:
        """The named groups, or all that have an offline store, by name.

        Raises:
            ResourceNotFound: there is no group of that name, or it has no offline store.
        """
        newer: list[NewerFormat] = []
        groups = list(self._groups(list(names), newer.append))
        watermark = self.watermark()
        unwritten = self.unwritten()
        known = [self._status(group, watermark, unwritten) for group in groups]
        return [*known, *map(_unread, newer)]

    def _groups(self, names: Collection[str], unread: Unread) -> Iterator[FeatureGroup]:
        if not names:
            every = self.registry.list(unread)
            yield from (group for group in every if group.offline is not None)
        for name in names:
            group = self.registry.get(name)
            if group is None or group.offline is None:
                what = "no feature group" if group is None else "no offline store in feature group"
                raise ResourceNotFound(f"there is {what} {name}")
            yield group

    def _status(
        self, group: FeatureGroup, watermark: int | None, unwritten: Unwritten
    ) -> GroupStatus:
        unknown = _NEVER if watermark is None else unwritten.anybody
        if group.uid in unwritten.uids:
            unknown = "records of it were set aside or spilled: redrive them (larder redrive)"
        proven = watermark if unknown is None else None
        state, problem = None, None
        try:
            if has_iceberg(group):
                state = self.tables.state(group)
        except LarderError as error:
            problem = str(error)
            proven, unknown = None, unknown or "its table can't be read"
        store = group.offline
        return GroupStatus(
            group=group.name,
            table=f"{store.database}.{store.table}" if store else "",
            state=state,
            watermark=proven,
            lag_seconds=None if proven is None else max(0, self.clock() - proven) / 1e6,
            unknown=unknown,
            problem=problem,
        )


def _unread(error: NewerFormat) -> GroupStatus:
    """The line of a group that a newer release wrote."""
    unknown = "a newer release wrote the group"
    return GroupStatus("(a newer group)", "", None, None, None, unknown, str(error))
