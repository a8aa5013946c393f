"""How long a call may take, and what opening connections adds to it."""

import pytest

from larder.adapters.valkey import deadline as deadlines
from larder.adapters.valkey.deadline import Deadline


class Clock:
    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    return clock


def test_it_passes_and_stays_passed(clock):
    deadline = Deadline(0.005)
    clock.now += 0.003
    assert deadline.remaining() == pytest.approx(0.002)
    clock.now += 1
    assert deadline.remaining() == 0


def test_connecting_has_its_grace_and_leaves_the_call_its_time(clock):
    deadline = Deadline(0.005, grace=0.1)
    with deadline.connecting(1.0) as patience:
        assert patience.remaining() == pytest.approx(0.105)
        clock.now += 0.06
    assert deadline.remaining() == pytest.approx(0.005)
    with deadline.connecting(1.0) as patience:
        assert patience.remaining() == pytest.approx(0.045)
        clock.now += 0.045
    assert deadline.remaining() == pytest.approx(0)


def test_opening_one_connection_is_bounded_by_itself(clock):
    with Deadline(9, grace=9).connecting(0.5) as patience:
        assert patience.remaining() == pytest.approx(0.5)


def test_without_grace_connecting_is_part_of_the_call(clock):
    deadline = Deadline(0.005)
    with deadline.connecting(1.0) as patience:
        assert patience.remaining() == pytest.approx(0.005)
        clock.now += 0.004
    assert deadline.remaining() == pytest.approx(0.001)
