"""InMemory under faults of Valkey, at 300 operations a second: rows 4 and 5 of the reliability plan.

No error reaches a client, no answer is a value that no one acknowledged, none is staler than the
stated bound, and five seconds after the fault none is stale at all. ``make soak`` runs each longer.
"""

import time
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from tests.faults.memory_load import Load
from tests.faults.memory_platform import Platform
from tests.support.deadlines import eventually
from tests.support.valkey_servers import fault_proxy, valkey_server

STALEST_SECONDS = 5.0
"""docs/guarantees.md: so old may an InMemory answer be while Valkey fails."""
RECOVERED_SECONDS = 5.0


@contextmanager
def killed(_stack, server, _proxy):
    server.kill()
    yield
    server.restart()


@contextmanager
def stopped(_stack, server, _proxy):
    server.freeze()
    yield
    server.thaw()


@contextmanager
def slowed(_stack, _server, proxy):
    proxy.delay(0.025)
    yield
    proxy.delay(0)


@contextmanager
def unreachable(_stack, _server, proxy):
    proxy.refuse()
    yield
    proxy.accept()


@contextmanager
def stalled(_stack, _server, proxy):
    proxy.stall()
    yield
    proxy.resume()


@contextmanager
def evicting(_stack, server, _proxy):
    used = int(server.command("INFO", "memory").decode().split("used_memory:")[1].split()[0])
    server.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    server.command("CONFIG", "SET", "maxmemory", used - 4_000)
    yield
    server.command("CONFIG", "SET", "maxmemory", 0)


def repeated(fault):
    """A fault of an instant, again and again."""

    @contextmanager
    def during(_stack, server, proxy):
        fault(server, proxy)
        yield lambda: fault(server, proxy)

    during.__name__ = fault.__name__
    return during


@repeated
def flushed(server, _proxy):
    server.command("FLUSHALL")


@repeated
def reset(_server, proxy):
    proxy.reset()


@contextmanager
def failing_over(stack, server, proxy):
    """A replica that has missed the last writes takes the place of the primary, which is lost."""
    replica = stack.enter_context(valkey_server(cluster=False))
    replica.command("REPLICAOF", "127.0.0.1", server.port)
    eventually(lambda: b"master_link_status:up" in replica.command("INFO", "replication"))
    replica.command("REPLICAOF", "NO", "ONE")
    yield
    proxy.refuse()
    proxy.lead_to(replica.address)
    proxy.accept()


FAULTS = [killed, stopped, slowed, unreachable, stalled, evicting, flushed, reset, failing_over]


def under(fault, *, seconds, rate=300, doors=3, seed=1):
    """The load before, during and after a fault: its history, and when the fault ended."""
    with ExitStack() as stack:
        server = stack.enter_context(valkey_server(cluster=getattr(fault, "cluster", True)))
        proxy = stack.enter_context(fault_proxy(server))
        platform = Platform(proxy.port, doors=doors)
        stack.callback(platform.close)
        stack.enter_context(platform.projecting(seed))
        load = stack.enter_context(Load(platform, rate=rate, seed=seed))
        time.sleep(1.0)
        began = time.perf_counter()
        with fault(stack, server, proxy) as again:
            while time.perf_counter() < began + seconds:
                time.sleep(seconds / 20)
                if again:
                    again()
        ended = time.perf_counter()
        time.sleep(RECOVERED_SECONDS + 1.0)
        load.stop()
        # one client alone: on a busy machine the load itself may keep the breakers open
        for number in range(doors):
            eventually(partial(platform.serves, number, load.slots))
    return load, platform, began, ended


def check(name, load, platform, began, ended):
    """Print the row, and hold the history against the promises."""
    found = load.history.findings()
    stale = found.stalest()
    opened = sum(tier._breaker.opened for tier in platform.tiers)
    hits = sum(tier.counts.hits for tier in platform.tiers)
    violations = (
        len(load.history.errors)
        + len(found.unacknowledged)
        + (stale > STALEST_SECONDS)
        + (found.stalest(ended + RECOVERED_SECONDS) > 0)
    )
    print(
        f"{name}: ops {found.operations}, fault {ended - began:.1f} s, breakers opened {opened}, "
        f"hits {hits}, stale reads {len(found.staleness)}, stalest {stale:.3f} s, "
        f"p99 {load.percentile(0.99, began, ended):.1f} ms in the fault, "
        f"{load.percentile(0.99, 0, began):.1f} ms before, violations = {violations}"
    )
    assert load.history.errors == []
    assert found.unacknowledged == []
    assert stale <= STALEST_SECONDS
    assert found.stalest(since=ended + RECOVERED_SECONDS) == 0
    assert hits > 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_fault_of_valkey_costs_an_answer_or_its_truth(fault):
    check(fault.__name__, *under(fault, seconds=2.0))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_fault_of_valkey_for_longer(fault, seed):
    check(fault.__name__, *under(fault, seconds=20.0, seed=seed))
