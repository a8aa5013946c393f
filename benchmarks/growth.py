"""How a read grows: with the records asked for, their features, and the records in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, islice
from random import Random

from benchmarks.function import Shape
from benchmarks.measure import in_turn, wall_round
from benchmarks.rows import Row
from larder.client.records import RecordsClient
from larder.memory.compare_and_set import COMPARE_AND_SET
from larder.memory.entry import entry_parts, lifetime_ms, memory_key
from larder.records.values import slot_of
from larder.records.versions import Stamp, live_version
from larder.valkey import Valkey, ValkeyEndpoint

_RECORDS = (1, 10, 25, 50, 100)
_FEATURES = (10, 50, 100, 250, 500)
_IN_STORE = (10_000, 100_000, 1_000_000, 10_000_000)
_FAR_MS = b"9999999999999"


def growth_rows(
    direct: RecordsClient, valkey: str, in_store: tuple[int, ...] = _IN_STORE
) -> Iterator[Row]:
    """Median times of the records client, by what grows."""
    for records in _RECORDS:
        names = [f"c{n}" for n in range(records)]
        many = partial(direct.get_many, "memory-10", names)
        yield _row(f"records: {records} x 10 from Valkey", many, 1000 // (records + 4))
    for features in _FEATURES:
        one = partial(direct.get, f"memory-{features}", "c0")
        yield _row(f"features: 1 x {features} from Valkey", one, 100)
    present = 0
    for total in in_store:
        present = _grow(valkey, present, total)
        random = Random(total)
        picked = (f"s{random.randrange(total)}" for _ in count())
        yield _row(
            f"records in the store: {total:,}, 1 x 10 from Valkey",
            lambda: direct.get("memory-10", next(picked)),  # noqa: B023 - used before it changes
            300,
        )


def _row(name: str, read: Callable[[], object], times: int) -> Row:
    (ours,) = in_turn(wall_round(read, times))
    return Row(id=f"Growth, {name}", ours=ours, unit="ms")


def _grow(address: str, present: int, total: int) -> int:
    """Add entries straight to Valkey until there are so many."""
    shape = Shape(10, in_memory=True)
    group = shape.group
    values = {group.ordinals[name]: value for name, value in shape.values("s").items()}
    client = Valkey(ValkeyEndpoint.at(address, tls=False))
    _, version = live_version(group, values, stamp=Stamp(1, 1), ttl=None, targets=group.stores)
    order, rest = entry_parts(version)
    life = b"%d" % (lifetime_ms(version, 0) * 10)
    arguments = (order, rest, life, _FAR_MS, life)
    calls = ((memory_key(slot_of(group, f"s{n}")), arguments) for n in range(present, total))
    while part := list(islice(calls, 1000)):
        client.run(COMPARE_AND_SET, part, seconds=30)
    client.close()
    return total
