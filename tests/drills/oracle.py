"""What a careful client knows: every write that was acknowledged, and so what each record must be.

Writes come with growing event times, so the last one of a record is its value; a late record is
noted as history alone.
"""

import time
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

Values = dict[str, str]
Version = tuple[str, str]


@dataclass
class Oracle:
    """The records of one group by identifier, and all its acknowledged versions.

    A record is its values and the time (seconds since the epoch) from which on it is expired, or
    ``None`` where it was deleted. A version is an identifier and an event time.
    """

    records: dict[str, tuple[Values, float | None] | None] = field(default_factory=dict)
    versions: set[Version] = field(default_factory=set)

    def put(self, values: Values, expires: float | None = None) -> None:
        """An accepted put that is newer than what was there."""
        self.records[values["id"]] = (values, expires)
        self.versions.add((values["id"], values["at"]))

    def late(self, values: Values) -> None:
        """An accepted put that is older than what is there."""
        self.versions.add((values["id"], values["at"]))

    def deleted(self, identifier: str, at: str) -> None:
        """An accepted deletion, soft or hard."""
        self.records[identifier] = None
        self.versions.add((identifier, at))

    def last_time(self, identifier: str) -> str:
        """The event time of a record that is there."""
        values, _ = self.records[identifier] or ({}, None)
        return values["at"]

    def as_of_now(self) -> "Oracle":
        """A copy that later writes do not change."""
        return deepcopy(self)

    def expected(self, identifier: str) -> Values | None:
        """What a read must give now."""
        values, expires = self.records.get(identifier) or (None, None)
        return None if expires is not None and time.time() >= expires else values


def event_time(moment: float) -> str:
    """An instant as the drill writes event times."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
