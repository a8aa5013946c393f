"""Deliveries that could not be recorded wait on S3, and are recorded later.

Lambda tries a delivery of a log again twice, and then drops it. So a delivery that fails is parked
instead, and the schedule takes it up again. Recording is exactly once, so nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from larder.errors import LarderError
from larder.offline.ports import Remaining
from larder.telemetry.log import place_of

_LEAST_SECONDS = 90.0
"""What one delivery may take."""


class ParkedDeliveries(Protocol):
    """The deliveries that wait. Methods raise as stores do."""

    def put(self, delivery: bytes) -> str:
        """Keep a delivery; its key. Equal deliveries share one."""

    def listed(self) -> Iterable[str]:
        """Keys of what waits."""

    def read(self, key: str) -> bytes | None:
        """A delivery; ``None`` where it is gone."""

    def remove(self, key: str) -> None:
        """Remove a delivery that was recorded."""


@dataclass(slots=True)
class Drained:
    """What became of parked deliveries: how many were recorded, and why others wait on."""

    recorded: int = 0
    waiting: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParkedExposures:
    """Parks deliveries, and drains what is parked."""

    deliveries: ParkedDeliveries

    def park(self, delivery: bytes) -> str:
        """Keep a delivery that could not be recorded; its key."""
        return self.deliveries.put(delivery)

    def drain(self, record: Callable[[bytes], object], remaining: Remaining) -> Drained:
        """Record what waits, while there is time; one delivery's failure stops no other."""
        done = Drained()
        for key in self.deliveries.listed():
            if remaining() < _LEAST_SECONDS:
                done.waiting[key] = "the time ran out"
                continue
            try:
                delivery = self.deliveries.read(key)
                if delivery is not None:
                    record(delivery)
                    self.deliveries.remove(key)
                    done.recorded += 1
            except LarderError as error:
                done.waiting[key] = str(error)
            except Exception as error:  # a bug that one delivery meets holds up no other
                done.waiting[key] = f"it failed: {place_of(error)}"
        return done
