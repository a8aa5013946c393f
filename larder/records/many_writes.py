"""Several versions written side by side, each by the rules of one write.

A record may be among them more than once. Its versions then go one after the other, in the order
given: of equal event times the last one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from larder.errors import ServiceUnavailable
from larder.records.ports import RecordWrites, Refused, Write
from larder.records.record import RecordVersion

SKEW_TRIES = 8
"""How often a write at an equal event time steps past a write time ahead of its own clock."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A version on its way; ``online`` says whether the online store is among its targets."""

    place: int
    write: Write
    online: bool

    def stepped_past(self, write_time: int) -> Pending:
        """The same, accepted a microsecond after another version."""
        slot, version = self.write
        return replace(self, write=(slot, replace(version, write_time=write_time + 1)))


def too_many_corrections() -> ServiceUnavailable:
    """The refusal of a write that other writers at its event time kept overtaking."""
    return ServiceUnavailable("Too many writers correct this record at one event time; try again.")


def write_all(
    store: RecordWrites, pending: Sequence[Pending], clock: Callable[[], int]
) -> dict[int, Refused]:
    """Write all; by its place what the store answered for each that it did not take.

    ``clock`` gives nanoseconds since the epoch.
    """
    refused: dict[int, Refused] = {}
    for wave in _waves(pending):
        late = _put(store, [each for each in wave if each.online], clock, refused)
        late += [each for each in wave if not each.online]
        _log(store, [each for each in late if each.write[1].offline], clock, refused)
    return refused


def _waves(pending: Sequence[Pending]) -> Iterator[list[Pending]]:
    """Parts in which no record comes twice."""
    left = list(pending)
    while left:
        first = {each.write[0]: each for each in reversed(left)}
        wave = [each for each in left if first[each.write[0]] is each]
        left = [each for each in left if first[each.write[0]] is not each]
        yield wave


def _put(
    store: RecordWrites,
    pending: list[Pending],
    clock: Callable[[], int],
    refused: dict[int, Refused],
) -> list[Pending]:
    """Offer versions to the online store; those that are historic there."""
    historic: list[Pending] = []
    for _ in range(SKEW_TRIES):
        if not pending:
            return historic
        results = store.put_all([each.write for each in pending], now_nanos=clock())
        again: list[Pending] = []
        for each, result in zip(pending, results, strict=True):
            if isinstance(result, RecordVersion):
                is_correction = result.order()[:2] == each.write[1].order()[:2]
                if is_correction:
                    again.append(each.stepped_past(result.write_time))
                else:
                    historic.append(each)
            elif result is not None:
                refused[each.place] = result
        pending = again
    refused |= {each.place: too_many_corrections() for each in pending}
    return historic


def _log(
    store: RecordWrites,
    pending: list[Pending],
    clock: Callable[[], int],
    refused: dict[int, Refused],
) -> None:
    while pending:
        results = store.log_all([each.write for each in pending], now_nanos=clock())
        again: list[Pending] = []
        for each, kept in zip(pending, results, strict=True):
            if isinstance(kept, Exception):
                refused[each.place] = kept
            elif not kept:
                again.append(each.stepped_past(each.write[1].write_time))
        pending = again
