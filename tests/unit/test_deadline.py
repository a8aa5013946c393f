"""A call's deadline: shared by its parts, and never later than the one around it."""

import math
from threading import Thread

from larder.deadline import remaining, within
from tests.support.clocks import SleepingClock


def test_without_a_deadline_there_is_no_end():
    assert remaining() == math.inf


def test_parts_share_what_is_left():
    clock = SleepingClock()
    with within(9.0, clock):
        clock.sleep(4.0)
        assert remaining() == 5.0
        clock.sleep(6.0)
        assert remaining() == -1.0
    assert remaining() == math.inf


def test_a_nested_deadline_ends_no_later_than_the_one_around_it():
    clock = SleepingClock()
    with within(2.0, clock):
        with within(9.0, clock):
            assert remaining() == 2.0
        with within(1.0, clock):
            assert remaining() == 1.0
        assert remaining() == 2.0


def test_another_thread_has_no_part_in_it():
    seen = []
    with within(1.0):
        thread = Thread(target=lambda: seen.append(remaining()))
        thread.start()
        thread.join()
    assert seen == [math.inf]
