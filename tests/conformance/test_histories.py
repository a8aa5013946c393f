"""Random histories against the endpoint, as many on each tier: no step may diverge from the oracle."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.histories import DeployedHistories
from tests.properties.oracle import EVENT_TIME, IDENTIFIER

FEATURES = {IDENTIFIER: "String", EVENT_TIME: "String", "clicks": "Integral", "city": "String"}
END = "9999-01-01T00:00:00Z"
HISTORIES = settings(
    phases=[Phase.generate],
    max_examples=5,
    stateful_step_count=50,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", params=["Standard_V2", "InMemory"])
def door(request, store):
    """The data plane, and a group that is empty whenever a history begins."""
    names = {"RecordIdentifierFeatureName": IDENTIFIER, "EventTimeFeatureName": EVENT_TIME}
    online = {"StorageType": request.param}
    name = store.create("histories", online=online, features=FEATURES, **names)

    def emptied():
        for identifier in store.listed(name, IncludeSoftDeletedRecords=True):
            store.delete(name, identifier, END, DeletionMode="HardDelete")
        return store.rt, name

    return emptied


def machine(door):
    return type("Deployed", (DeployedHistories,), {"door": lambda _: door()})


def test_five_histories_of_the_endpoint_follow_the_oracle(door):
    run_state_machine_as_test(machine(door), settings=HISTORIES)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_two_hundred_and_fifty_histories_of_the_endpoint_follow_the_oracle(door):
    run_state_machine_as_test(machine(door), settings=settings(HISTORIES, max_examples=250))
