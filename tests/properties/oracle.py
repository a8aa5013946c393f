"""What Feature Store does, as plainly as it can be said: the model that endpoints are compared with.

It knows nothing of stores, items or conditions. Records are kept per identifier; a step is an
operation's name and members, its answer the error's name or what a reader would be given.
"""

from dataclasses import dataclass, field

IDENTIFIER, EVENT_TIME = "customer_id", "event_time"


@dataclass
class Stored:
    """The last word on a record: its event time, its features, and what became of it.

    ``written`` is when it was accepted, where somebody keeps the oracle's clock.
    """

    event_time: str
    features: dict
    deleted: bool = False
    expired: bool = False
    written: int = 0

    @property
    def order(self):
        """How versions of one record compare."""
        return self.event_time, not self.deleted, self.written


@dataclass
class Oracle:
    """A feature group in a dictionary; ``history`` is what the offline store is owed.

    ``now`` is the time of the operation. ``deletions`` has the last hard delete of a record.
    """

    partial_updates: bool = True
    records: dict = field(default_factory=dict)
    history: list = field(default_factory=list)
    deletions: dict = field(default_factory=dict)
    now: int = 0

    def put(self, identifier, event_time, features, expires=None):
        """``expires``: None for never, else whether the record's time to live has passed."""
        record = {IDENTIFIER: identifier, EVENT_TIME: event_time, **features}
        stored = self._standing(identifier)
        if stored is None or event_time >= stored.event_time:
            expired = bool(expires)
            self.records[identifier] = Stored(event_time, record, expired=expired, written=self.now)
        self.history.append((identifier, event_time, False, record))

    def soft_delete(self, identifier, event_time):
        stored = self._standing(identifier)
        later = stored is None or event_time > stored.event_time
        if later or (stored.deleted and event_time == stored.event_time):
            self.records[identifier] = Stored(event_time, {}, deleted=True, written=self.now)
        self.history.append((identifier, event_time, True, None))

    def hard_delete(self, identifier, event_time):
        stored = self._standing(identifier)
        if stored is not None and event_time <= stored.event_time:
            return "ValidationError"
        self.records.pop(identifier, None)
        self.deletions[identifier] = self.now
        self.history.append((identifier, event_time, True, None))
        return None

    def load(self, identifier, event_time, features, *, accepted, written):
        """A row that was accepted some time ago comes to the online store now.

        It changes nothing where it would have been deleted since, or replaced.
        """
        if self.deletions.get(identifier, accepted - 1) >= accepted:
            return
        record = {IDENTIFIER: identifier, EVENT_TIME: event_time, **features}
        row, stored = Stored(event_time, record, written=written), self.records.get(identifier)
        was_absent = stored is None or (stored.expired and stored.written < accepted)
        if was_absent or row.order > stored.order:
            self.records[identifier] = row

    def update(self, identifier, features, event_time=None):
        if not self.partial_updates:
            return "ValidationError"
        stored = self._standing(identifier)
        if stored is None or stored.deleted:
            return "ResourceNotFound"
        moment = event_time or stored.event_time
        if moment < stored.event_time:
            return "ConflictException"
        stored.event_time, stored.written = moment, self.now
        stored.features = {**stored.features, **features, EVENT_TIME: moment}
        self.history.append((identifier, moment, False, dict(stored.features)))
        return None

    def get(self, identifier, names=None):
        stored = self._standing(identifier)
        if stored is None or stored.deleted:
            return None
        return {
            name: value for name, value in stored.features.items() if not names or name in names
        }

    def listed(self, *, soft_deleted=False):
        return {
            identifier
            for identifier in self.records
            if (stored := self._standing(identifier)) and (soft_deleted or not stored.deleted)
        }

    def _standing(self, identifier):
        stored = self.records.get(identifier)
        return None if stored is None or stored.expired else stored
