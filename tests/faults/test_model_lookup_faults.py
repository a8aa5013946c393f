"""Features of InMemory groups at an invocation while Valkey fails: the answers are the same."""

from contextlib import ExitStack

import pytest

from larder.groups.feature_group import OnlineStore, StorageType
from tests.faults.memory_platform import Platform
from tests.faults.test_memory_faults import killed, stalled, stopped, unreachable
from tests.handlers.test_inference import expected, looked_up
from tests.support.deadlines import eventually
from tests.support.groups import feature_group
from tests.support.valkey_servers import fault_proxy, valkey_server

KEYS = [f"c{number}" for number in range(20)]
PATIENT = 20.0
"""Seconds for the store: the fault is under test here, not the speed of a busy machine."""


def filled(*groups, **more):
    """An inference function whose group has twenty customers and lacks one."""
    made = looked_up(groups=groups, seconds=PATIENT, **more)
    for number, key in enumerate(KEYS):
        made.put(key, clicks=f"{number}", score=f"{number / 8}")
    return made


def answers(made):
    """What is said of all customers and of one that does not exist."""
    instances = [{"customer_id": key, "amount": 1.5} for key in (*KEYS, "no-such-customer")]
    return made.predictions(*instances, features="all")


@pytest.mark.parametrize("fault", [killed, stopped, unreachable, stalled], ids=lambda f: f.__name__)
def test_the_answers_are_those_of_a_standard_group_before_in_and_after_a_fault(fault):
    wanted = answers(filled(feature_group()))
    assert [each["score"] for each in wanted[:-1]] == [
        expected(1.5, number, number / 8) for number in range(len(KEYS))
    ]
    assert wanted[-1]["error"]["code"]
    with ExitStack() as stack:
        server = stack.enter_context(valkey_server(cluster=True))
        proxy = stack.enter_context(fault_proxy(server))
        platform = Platform(proxy.port)
        stack.callback(platform.close)
        in_memory = feature_group(online=OnlineStore(StorageType.IN_MEMORY))
        made = filled(in_memory, store=platform.doors[0])
        tier = platform.tiers[0]
        # the tier serves records itself before the fault, so the fault takes something away
        eventually(lambda: answers(made) == wanted and tier.counts.hits)
        with fault(stack, server, proxy):
            for _ in range(3):
                assert answers(made) == wanted
        assert answers(made) == wanted
