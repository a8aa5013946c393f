"""What Feature Store does, as plainly as it can be said: the model that doors are compared with.

It knows nothing of stores, items or conditions. Records are kept per identifier; a step is an
operation's name and members, its answer the error's name or what a reader would be given.
"""

from dataclasses import dataclass, field

IDENTIFIER, EVENT_TIME = "customer_id", "event_time"


@dataclass
class Stored:
    """The last word on a record: its event time, its features, and what became of it."""

    event_time: str
    features: dict
    deleted: bool = False
    expired: bool = False


@dataclass
class Oracle:
    """A feature group in a dictionary; ``history`` is what the offline store is owed."""

    partial_updates: bool = True
    records: dict = field(default_factory=dict)
    history: list = field(default_factory=list)

    def put(self, identifier, event_time, features, expires=None):
        """``expires``: None for never, else whether the record's time to live has passed."""
        record = {IDENTIFIER: identifier, EVENT_TIME: event_time, **features}
        stored = self._standing(identifier)
        if stored is None or event_time >= stored.event_time:
            self.records[identifier] = Stored(event_time, record, expired=bool(expires))
        self.history.append((identifier, event_time, False, record))

    def soft_delete(self, identifier, event_time):
        stored = self._standing(identifier)
        later = stored is None or event_time > stored.event_time
        if later or (stored.deleted and event_time == stored.event_time):
            self.records[identifier] = Stored(event_time, {}, deleted=True)
        self.history.append((identifier, event_time, True, None))

    def hard_delete(self, identifier, event_time):
        stored = self._standing(identifier)
        if stored is not None and event_time <= stored.event_time:
            return "ValidationError"
        self.records.pop(identifier, None)
        self.history.append((identifier, event_time, True, None))
        return None

    def update(self, identifier, features, event_time=None):
        if not self.partial_updates:
            return "ValidationError"
        stored = self._standing(identifier)
        if stored is None or stored.deleted:
            return "ResourceNotFound"
        moment = event_time or stored.event_time
        if moment < stored.event_time:
            return "ConflictException"
        stored.event_time = moment
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
