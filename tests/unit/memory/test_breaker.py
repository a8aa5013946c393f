"""When a store that fails is left alone, and when it is tried again."""

from larder.memory.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def opened(clock):
    breaker = Breaker(failures=3, pause=0.5, clock=clock)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    return breaker


def test_it_opens_at_the_third_failure_in_a_row():
    breaker = Breaker(failures=3, clock=Clock())
    breaker.failed()
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    assert breaker.opened == 1


def test_while_open_one_call_each_pause_tries():
    clock = Clock()
    breaker = opened(clock)
    assert not breaker.allows()
    clock.now = 0.5
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.failed()
    clock.now = 0.9
    assert not breaker.allows()
    clock.now = 1.0
    assert breaker.allows()
    assert breaker.opened == 1


def test_one_answer_closes_it_and_tells_so():
    clock = Clock()
    breaker = opened(clock)
    clock.now = 0.5
    assert breaker.allows()
    assert breaker.succeeded()
    assert not breaker.succeeded()
    assert [breaker.allows() for _ in range(2)] == [True, True]
