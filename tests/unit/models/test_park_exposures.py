"""Parked deliveries are drained one by one: whatever one of them meets holds up no other."""

import pytest

from larder.errors import ServiceUnavailable
from larder.models.park_exposures import ParkedExposures


class Waiting(dict):
    """Implements ``ParkedDeliveries`` in memory."""

    def listed(self):
        return sorted(self)

    def read(self, key):
        return self.get(key)

    def remove(self, key):
        del self[key]


@pytest.mark.parametrize(
    "error", [ServiceUnavailable("away"), KeyError("secret")], ids=["away", "bug"]
)
def test_a_delivery_that_fails_in_any_way_waits_and_the_others_are_recorded(error):
    waiting, recorded = Waiting(a=b"1", b=b"2", c=b"3"), []

    def record(delivery):
        if delivery == b"2":
            raise error
        recorded.append(delivery)

    done = ParkedExposures(waiting).drain(record, lambda: 900.0)
    assert (recorded, done.recorded, list(waiting)) == ([b"1", b"3"], 2, ["b"])
    assert list(done.waiting) == ["b"]
    assert "secret" not in done.waiting["b"]


def test_what_the_time_does_not_reach_waits():
    waiting = Waiting(a=b"1")
    done = ParkedExposures(waiting).drain(lambda _: None, lambda: 10.0)
    assert (done.recorded, done.waiting, list(waiting)) == (0, {"a": "the time ran out"}, ["a"])
