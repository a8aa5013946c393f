"""Random histories of accepted writes, as a stream delivers them, and what they must still write."""

import random
from dataclasses import dataclass

from larder.event_time import NANOS, nanos_to_iso
from larder.records.record import State
from tests.support.offline import WRITTEN, stream_record, version


@dataclass(frozen=True)
class History:
    """Stream records in order, and the (identifier, event time, is_deleted) of each row owed."""

    records: list
    owed: list

    def batches(self, rng, most=40):
        """The records cut into batches of random sizes."""
        start, cut = 0, []
        while start < len(self.records):
            size = rng.randint(1, most)
            cut.append(self.records[start : start + size])
            start += size
        return cut


def random_history(group, seed, length=120):
    """Puts, soft deletes, log items and expiries over a few identifiers; ``seed`` is printed."""
    print(f"history seed {seed}")
    rng = random.Random(seed)
    records, owed = [], []
    for number in range(length):
        identifier = f"c{rng.randrange(12)}"
        event_nanos = (1_706_000_000 + rng.randrange(400_000)) * NANOS
        event_time = nanos_to_iso(event_nanos)
        kind = rng.choice(("put", "put", "log", "delete", "expiry"))
        values = {"customer_id": identifier, "event_time": event_time}
        if kind != "delete":
            values |= {"clicks": str(number), "city": f"city {number}"}
        each = version(
            group,
            values,
            write_time=WRITTEN + number,
            state=State.SOFT_DELETED if kind == "delete" else State.LIVE,
            expires_at=event_nanos + number if kind == "expiry" else None,
        )
        if kind == "expiry":
            records.append(stream_record(group, old=each, sequence=number, by_ttl=True))
            owed.append((identifier, nanos_to_iso(event_nanos + number), True))
        else:
            records.append(stream_record(group, new=each, sequence=number, log=kind == "log"))
            owed.append((identifier, event_time, kind == "delete"))
    return History(records, sorted(owed))
