"""Ten random histories through the deployed platform: no step may diverge from the oracle."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.histories import DeployedHistories
from tests.properties.oracle import EVENT_TIME, IDENTIFIER
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
NAME = "random-histories"
TYPES = {IDENTIFIER: "String", EVENT_TIME: "String", "clicks": "Integral", "city": "String"}
END = "9999-01-01T00:00:00Z"
TEN = settings(
    phases=[Phase.generate],
    max_examples=10,
    stateful_step_count=50,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def emptied(platform):
    """A client and a group that is empty whenever a history begins."""
    control, runtime = (
        platform.client(each) for each in ("sagemaker", "sagemaker-featurestore-runtime")
    )
    control.create_feature_group(
        FeatureGroupName=NAME,
        RecordIdentifierFeatureName=IDENTIFIER,
        EventTimeFeatureName=EVENT_TIME,
        FeatureDefinitions=[
            {"FeatureName": name, "FeatureType": kind} for name, kind in TYPES.items()
        ],
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "Standard_V2"},
    )

    def door(_machine):
        pages = runtime.get_paginator("list_records").paginate(
            FeatureGroupName=NAME, IncludeSoftDeletedRecords=True
        )
        for identifier in [each for page in pages for each in page["RecordIdentifiers"]]:
            runtime.delete_record(
                FeatureGroupName=NAME,
                RecordIdentifierValueAsString=identifier,
                EventTime=END,
                DeletionMode="HardDelete",
            )
        return runtime, NAME

    yield door
    control.delete_feature_group(FeatureGroupName=NAME)
    eventually(lambda: NAME not in names(control))


def names(control):
    pages = control.get_paginator("list_feature_groups").paginate()
    return {each["FeatureGroupName"] for page in pages for each in page["FeatureGroupSummaries"]}


def test_ten_histories_of_the_deployed_platform_follow_the_oracle(emptied):
    machine = type("Deployed", (DeployedHistories,), {"door": emptied})
    run_state_machine_as_test(machine, settings=TEN)
