"""Fakes of the committer's ports in memory, and writers over them that may die at any request."""

from dataclasses import dataclass, field
from itertools import count
from threading import Condition, Lock

from larder.backoff import Backoff
from larder.offline.one_committer import OneCommitter
from larder.offline.ports import Appended
from larder.offline.turns import Lease, Placed, Staged, Waiting
from tests.faults.killing import Killed


@dataclass
class Tables:
    """Tables in memory; ``refused`` are identifiers that they can't take.

    ``commits`` are the identifiers of each try, by the table's uid.
    """

    rows: dict = field(default_factory=dict)
    commits: list = field(default_factory=list)
    refused: set = field(default_factory=set)
    errors: dict = field(default_factory=dict)
    created: list = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def create(self, group):
        self.created.append(group)

    def evolve(self, group, *, remaining):
        self.created.append(group)

    def append(self, group, rows, *, remaining):
        with self.lock:
            self.commits.append((group.uid, [each.identifier for each in rows]))
            if group.uid in self.errors:
                raise self.errors[group.uid]
            if self.refused & {each.identifier for each in rows}:
                raise ValueError("a row that can't be written")
            table = self.rows.setdefault(group.uid, {})
            fresh = {each.key: each for each in rows if each.key not in table}
            table |= fresh
        return Appended(len(fresh), len(rows) - len(fresh), 1)

    def holds(self, each):
        return {row.key for row in each.rows} <= self.rows.get(each.group.uid, {}).keys()


@dataclass
class Leases:
    """Leases in memory; those of ``dead`` owners have run out."""

    now: float = 0.0
    held: dict = field(default_factory=dict)
    committed: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)
    dead: set = field(default_factory=set)
    error: Exception | None = None
    looks: int = 0
    lock: Lock = field(default_factory=Lock)

    def take(self, uid, owner, *, seconds):
        if self.error:
            raise self.error
        with self.lock:
            if self._owner(uid) in (None, owner):
                self.held[uid] = (owner, self.now + seconds)
            return self._lease(uid)

    def look(self, uids):
        if self.error:
            raise self.error
        with self.lock:
            self.looks += 1
            return {uid: self._lease(uid) for uid in uids}

    def release(self, uid, owner, committed, *, failed=False):
        with self.lock:
            if self.held.get(uid, ("", 0))[0] == owner:
                del self.held[uid]
                self.failed[uid] = owner if failed else None
                if committed is not None:
                    self.committed[uid] = frozenset(committed)

    def _owner(self, uid):
        owner, until = self.held.get(uid, (None, 0))
        return owner if until > self.now and owner not in self.dead else None

    def _lease(self, uid):
        committed = self.committed.get(uid, frozenset())
        return Lease(self._owner(uid), committed, self.failed.get(uid))


@dataclass(frozen=True)
class Batch:
    tables: dict

    def rows_of(self, uid):
        return self.tables.get(uid)


@dataclass
class StagedRows:
    """Batches in memory, those that are ``there`` and all that ever were.

    ``reads`` are the keys that were read.
    """

    there: dict = field(default_factory=dict)
    ever: dict = field(default_factory=dict)
    changed: Condition = field(default_factory=Condition)
    numbers: count = field(default_factory=count)
    error: Exception | None = None
    reads: list = field(default_factory=list)

    def put(self, tables):
        if self.error:
            raise self.error
        staged = {each.group.uid: Staged(each.group.schema_version, each.rows) for each in tables}
        with self.changed:
            key = f"{next(self.numbers):04}"
            self.there[key] = self.ever[key] = Batch(staged)
            self.changed.notify_all()
        return Placed(key)

    def waiting(self):
        with self.changed:
            return [Waiting(key, 1) for key in sorted(self.there)]

    def read(self, key):
        self.reads.append(key)
        return self.there.get(key)

    def remove(self, placed):
        with self.changed:
            self.there.pop(placed.key, None)
            self.changed.notify_all()

    def wait_for(self, number, patience):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.there) == number, patience)


@dataclass
class Life:
    """Counts a writer's requests; it dies at one of them, ``before`` or after it took effect."""

    at: int | None = None
    before: bool = True
    requests: int = 0
    owner: str = ""
    lock: Lock = field(default_factory=Lock)

    @property
    def over(self):
        return self.at is not None and self.requests >= self.at

    def request(self, ask):
        with self.lock:
            if self.over:
                raise Killed
            self.requests += 1
            dies = self.over
        if dies and self.before:
            raise Killed
        answer = ask()
        if dies:
            raise Killed
        return answer


class Mortal:
    """Requests to one of the ports in the life of a writer."""

    def __init__(self, port, life):
        self.port = port
        self.life = life

    def __getattr__(self, name):
        method = getattr(self.port, name)
        return lambda *args, **more: self.life.request(lambda: method(*args, **more))


@dataclass
class Bench:
    tables: Tables = field(default_factory=Tables)
    leases: Leases = field(default_factory=Leases)
    staged: StagedRows = field(default_factory=StagedRows)
    ids: count = field(default_factory=count)

    def writer(self, life=None, at_once=16):
        """A writer of one batch."""
        owner = f"writer-{next(self.ids)}"
        ports = [self.tables, self.leases, self.staged]
        if life:
            life.owner = owner
            ports = [Mortal(port, life) for port in ports]
        pauses = Backoff(first=0.001, longest=0.01)
        return OneCommitter(*ports, lambda: owner, pauses, at_once)
