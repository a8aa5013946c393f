"""Records, versions and tiers for tests of the in-memory tier."""

from dataclasses import replace

from larder.memory.tier import MemoryTier
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State

SLOT = Slot("uid1", 64, "c1", in_memory=True)
OTHER = Slot("uid1", 64, "c2", in_memory=True)
STANDARD = Slot("uid2", 64, "c1")


def patient(valkey, **options):
    return MemoryTier(valkey, **({"read_seconds": 5, "write_seconds": 5} | options))


def version(event_key, write_time=1, state=State.LIVE, **changes):
    packed = pack({0: "c1", 1: str(event_key), 2: f"{event_key}/{write_time}"})
    base = RecordVersion("c1", event_key, write_time, write_time, state, packed, 3)
    return replace(base, **changes)
