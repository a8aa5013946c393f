"""One writer's batch on its way into many tables, beside other writers of the same tables.

Each table is waiting, being asked for, or done. Some threads take one table at a time: they ask for
its lease, and who gets it commits. Who does not, leaves the table waiting and goes to the next. So
no thread waits for one table while another one is free. When none is free, what waits is staged.
Then one look at all leases tells which tables are done, and which are free now. Where storage or
catalog failed for the owner, those who wait give up. Else each would find that out for itself, one
after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition

from larder.backoff import Backoff
from larder.errors import AccessForbidden, ServiceUnavailable, ThrottlingException
from larder.jitter import shuffle
from larder.offline.others import MOST_ROWS, OthersRows, Taken
from larder.offline.ports import Appended, OfflineTables, Remaining, TableRows
from larder.offline.turns import Lease, Leases, Placed, StagedRows
from larder.telemetry.log import Log, place_of, to_stderr

LEASE_SECONDS = 20.0
"""How long a lease holds where its owner died: several times what a commit takes, and a third of
the promised minute."""
AWAY = (ServiceUnavailable, ThrottlingException, AccessForbidden)
Outcome = Appended | Exception


@dataclass(frozen=True, slots=True)
class Committing:
    """What a batch needs: tables, leases and staging; ``at_once`` tables are written together."""

    tables: OfflineTables
    leases: Leases
    staged: StagedRows
    backoff: Backoff
    at_once: int


@dataclass(slots=True)
class SharedBatch:
    """The tables of a batch by their places in it; ``owner`` is unique to the batch."""

    by: Committing
    batch: Sequence[TableRows]
    owner: str
    remaining: Remaining
    done: dict[int, Outcome] = field(default_factory=dict)
    _others: OthersRows = field(init=False)
    _state: Condition = field(default_factory=Condition)
    _waiting: set[int] = field(default_factory=set)
    _free: list[int] = field(default_factory=list)
    _asking: int = 0
    _placed: dict[int, Placed] = field(default_factory=dict)
    _alone: set[int] = field(default_factory=set)
    _failed: dict[int, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """All tables wait."""
        self._others = OthersRows(self.by.staged)
        self._waiting = set(range(len(self.batch)))

    def run(self) -> Sequence[Outcome]:
        """Write all tables; what became of each, in order.

        Tables that are free are tried before anything is staged, unless there are more than can
        be tried at once: the last of those would be overtaken anyway.
        """
        if len(self.batch) > self.by.at_once:
            self._stage()
        else:
            self._free = sorted(self._waiting)
        workers = min(self.by.at_once, len(self.batch))
        with ThreadPoolExecutor(max(workers, 1)) as threads:
            for work in [threads.submit(self._work) for _ in range(workers)]:
                work.result()
        if not self._waiting:
            self._remove_staged()
        return [self.done.get(place) or self._late(place) for place in range(len(self.batch))]

    def _work(self) -> None:
        while (place := self._next()) is not None:
            outcome: Outcome | None
            try:
                outcome = self._try(place)
            except Exception as error:  # one table's fault is not the others'
                outcome = error
            if outcome is not None:
                self.done[place] = outcome

    def _next(self) -> int | None:
        """A table that seems free; ``None`` where all are done, or tried by others, or time is up.

        One thread at a time looks for it, and the others wait for what it finds.
        """
        with self._state:
            while self._waiting:
                if self._free:
                    place = self._free.pop()
                    self._waiting.discard(place)
                    self._asking += 1
                    return place
                if self._asking:  # what is refused in a moment is staged together
                    self._state.wait()
                    continue
                self._stage()
                if self._free:
                    continue
                if not self.by.backoff.until(self._look, remaining=self.remaining):
                    return None
        return None

    def _stage(self) -> None:
        places = sorted(self._waiting - self._placed.keys() - self._alone)
        if not places:
            return
        try:
            placed = self.by.staged.put([self.batch[place] for place in places])
        except Exception as error:  # without staging, or with rows that can't be: as best it goes
            _warn("staging failed: each table is tried without it", error)
            self._alone.update(places)
            self._free.extend(places)
        else:
            self._placed.update(dict.fromkeys(places, placed))

    def _look(self) -> bool:
        """Whether a table is free, or none is waiting any more."""
        self._others.look_again()
        places = {self.batch[place].group.uid: place for place in self._waiting}
        try:
            leases = self.by.leases.look(list(places))
        except AWAY:
            return False
        for uid, lease in leases.items():
            place = places[uid]
            if found := self._found(place, lease):
                self.done[place] = found
                self._waiting.discard(place)
            elif lease.owner is None:
                self._free.append(place)
        shuffle(self._free)  # or all writers would ask for the same ones
        del self._free[self.by.at_once :]  # before more are tried, it is time for another look
        return bool(self._free) or not self._waiting

    def _try(self, place: int) -> Outcome | None:
        """Commit to a table; ``None`` where another writer has it."""
        lease = self._ask_for(place)
        if lease is None:
            return self._append(place)
        if lease.owner != self.owner:
            return None
        try:
            done, keys = self._commit(place, lease)
        except AWAY:
            self._release(place, None, failed=self.remaining() > 0)
            raise
        except BaseException:
            self._release(place, None)
            raise
        self._release(place, keys)
        return done

    def _ask_for(self, place: int) -> Lease | None:
        """The table's lease now; ``None`` where it can't be asked for, or there is no staging."""
        lease: Lease | None = None
        try:
            if place not in self._alone:
                uid = self.batch[place].group.uid
                lease = self.by.leases.take(uid, self.owner, seconds=LEASE_SECONDS)
        except AWAY:
            return None
        finally:
            with self._state:
                self._asking -= 1
                if lease and lease.owner != self.owner:
                    self._failed.setdefault(place, lease.failed)
                    self._waiting.add(place)
                self._state.notify_all()
        return lease

    def _commit(self, place: int, lease: Lease) -> tuple[Appended, Collection[str] | None]:
        """Commit what others have staged for it too; also the keys that its lease has to name."""
        placed = self._placed.get(place)
        if placed is None:
            return self._append(place), None
        if placed.key in lease.committed:
            return self._by_another(place), None
        but = lease.committed | {placed.key}
        try:
            waiting = self._others.waiting()
            group, rows = self.batch[place].group, self.batch[place].rows
            others = list(self._others.of(group, waiting, MOST_ROWS - len(rows), but))
        except Exception as error:  # what others staged is no fault of these rows
            _warn("what others staged can't be seen: it is left to them", error)
            return self._append(place), but
        still = lease.committed & {each.key for each in waiting}
        try:
            done = self._append(place, others)
        except AWAY:
            raise
        except Exception as error:  # what others staged may be at fault: that is theirs
            if not others:
                raise
            _warn("a commit with others' rows failed: it is tried without them", error)
            others, done = [], self._append(place)
        return done, still | {placed.key} | {each.key for each in others}

    def _append(self, place: int, others: Sequence[Taken] = ()) -> Appended:
        own = self.batch[place]
        rows = [*own.rows, *(row for each in others for row in each.staged.rows)]
        return self.by.tables.append(own.group, rows, remaining=self.remaining)

    def _release(
        self, place: int, committed: Collection[str] | None, *, failed: bool = False
    ) -> None:
        """Give the lease back; one that can't be given back runs out by itself."""
        uid = self.batch[place].group.uid
        with suppress(*AWAY):
            self.by.leases.release(uid, self.owner, committed, failed=failed)

    def _remove_staged(self) -> None:
        for placed in sorted(set(self._placed.values()), key=lambda each: each.key):
            with suppress(*AWAY):  # it is committed again, and found in the table, or expires
                self.by.staged.remove(placed)

    def _found(self, place: int, lease: Lease) -> Outcome | None:
        """What became of a table that waits, where its lease says so."""
        placed = self._placed.get(place)
        if placed and placed.key in lease.committed:
            return self._by_another(place)
        if lease.failed in (None, self._failed.setdefault(place, lease.failed)):
            return None
        return ServiceUnavailable(
            f"the offline table {_name(self.batch[place])} could not be written by another writer"
        )

    def _by_another(self, place: int) -> Appended:
        return Appended(0, 0, None, by_others=len(self.batch[place].rows))

    def _late(self, place: int) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"the offline table {_name(self.batch[place])} could not be written in time: other "
            "writers have it"
        )


def _warn(what: str, error: Exception) -> None:
    """Say that the long way is taken: all is right, and slower than it should be."""
    Log(write=to_stderr).line("WARNING", message=what, error=place_of(error))


def _name(table: TableRows) -> str:
    store = table.group.offline
    return f"{store.database}.{store.table}" if store else table.group.name
