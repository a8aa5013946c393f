"""UpdateEndpoint with a DeploymentConfig: canary, linear and rolling steps, alarms, refusals."""

import json
import time

import boto3
import pytest

from tests.conformance.model_store import OWN_IMAGE, ROWS, SOON, variant
from tests.conformance.refusals import refusal
from tests.conformance.waiting import eventually
from tests.support import boosters

PERCENT = "CAPACITY_PERCENT"
UNITS = 2_000
AT_ONCE = 100
"""Instances of one request."""
ROW = [float(value) for value in ROWS[0]]
SCORES = [boosters.predict(boosters.booster(seed=seed), ROWS[:1])[0] for seed in (1, 2)]
GREEN = SCORES[1]
CACHED = 5.0
"""Seconds for which a process may go by an older share."""
SPEC = {
    "version": 1,
    "unit": "who",
    "inputs": [
        {"name": f"x{place}", "source": "request", "type": "Fractional"}
        for place in range(len(ROW))
    ],
}


class Moving:
    """An endpoint whose units are seen by their scores, and a configuration to move to."""

    def __init__(self, models):
        self.models, self.sm = models, models.sm
        made = [
            models.model(
                models.archive(("m", boosters.ubj(seed=seed))),
                image=OWN_IMAGE,
                Environment={"LARDER_FEATURES": json.dumps(SPEC)},
            )
            for seed in (1, 2)
        ]
        self.name = models.serve(variant(made[0]))
        self.before = self.described()["EndpointConfigName"]
        self.after = models.config(variant(made[1], InitialInstanceCount=4))

    def described(self):
        return self.sm.describe_endpoint(EndpointName=self.name)

    def update(self, policy, *alarms):
        deployment = dict(policy)
        if alarms:
            named = [{"AlarmName": each} for each in alarms]
            deployment["AutoRollbackConfiguration"] = {"Alarms": named}
        self.sm.update_endpoint(
            EndpointName=self.name, EndpointConfigName=self.after, DeploymentConfig=deployment
        )

    def green_units(self):
        """The units that the new fleet scores."""
        found, fields = set(), {f"x{place}": value for place, value in enumerate(ROW)}
        for first in range(0, UNITS, AT_ONCE):
            units = range(first, first + AT_ONCE)
            instances = [{"who": f"u{unit}", **fields} for unit in units]
            scored = self.models.predictions(self.name, instances)
            scores = [each["score"] for each in scored]
            assert set(scores) <= set(SCORES)
            found |= {unit for unit, score in zip(units, scores, strict=True) if score == GREEN}
        return found

    def shown_share(self):
        """Green's share as DescribeEndpoint shows it; ``None`` once the update is over."""
        summary = self.described().get("PendingDeploymentSummary")
        if summary is None:
            return None
        assert summary["EndpointConfigName"] == self.after
        (status,) = summary["ProductionVariants"][0]["VariantStatus"]
        return int(status["StatusMessage"].partition("%")[0])

    def shares(self):
        """All shares that were seen until the update was over."""
        seen = []
        while (share := self.shown_share()) is not None:
            seen += [] if seen[-1:] == [share] else [share]
            time.sleep(0.2)
        return seen


@pytest.fixture
def moving(models):
    return Moving(models)


@pytest.fixture
def alarm(store):
    """An alarm that is well, and what makes it ring."""
    cloudwatch, name = boto3.client("cloudwatch"), store.name("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Larder",
        MetricName="Invocation5XXErrors",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def turns(state):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    turns("OK")
    yield name, turns
    cloudwatch.delete_alarms(AlarmNames=[name])


def blue_green(kind, wait, termination=0, **sizes):
    sized = {name: {"Type": PERCENT, "Value": value} for name, value in sizes.items()}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sized}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    return {"BlueGreenUpdatePolicy": policy}


def test_row_236_a_canary_takes_its_share_of_the_units_and_then_all(moving):
    moving.update(blue_green("CANARY", 20, CanarySize=30))
    eventually(lambda: moving.shown_share() == 30, seconds=60)
    time.sleep(CACHED)  # the contract's: then every process goes by the new share
    canary = moving.green_units()
    assert 0.27 * UNITS <= len(canary) <= 0.33 * UNITS
    assert moving.green_units() >= canary, "none went back"
    assert moving.described()["EndpointStatus"] == "Updating"
    moving.models.wait(moving.name)
    described = moving.described()
    assert described["EndpointConfigName"] == moving.after
    assert "PendingDeploymentSummary" not in described
    eventually(lambda: len(moving.green_units()) == UNITS, seconds=60)


STEPS = {
    "linear": (blue_green("LINEAR", 3, LinearStepSize=50), {50, 100}),
    "linear-kept": (blue_green("LINEAR", 3, 3, LinearStepSize=50), {50, 100}),
    "at-once": (blue_green("ALL_AT_ONCE", 3), {100}),
    "rolling": (
        {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2},
                "WaitIntervalInSeconds": 3,
                "RollbackMaximumBatchSize": {"Type": PERCENT, "Value": 50},
                "MaximumExecutionTimeoutInSeconds": 600,
            }
        },
        {50, 100},
    ),
}


@pytest.mark.parametrize("policy", STEPS)
def test_row_237_linear_and_rolling_steps_follow_each_other(moving, policy):
    deployment, shares = STEPS[policy]
    moving.update(deployment)
    seen = moving.shares()
    assert shares <= set(seen) <= {0, *shares}
    assert seen == sorted(seen)
    described = moving.described()
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == (
        "InService",
        moving.after,
    )
    assert described["LastDeploymentConfig"] == deployment
    eventually(lambda: len(moving.green_units()) == UNITS, seconds=60)


def test_row_235_a_deployment_config_of_before_is_retained(moving):
    deployment = blue_green("CANARY", 2, CanarySize=10)
    moving.update(deployment)
    moving.models.wait(moving.name)
    moving.sm.update_endpoint(
        EndpointName=moving.name, EndpointConfigName=moving.before, RetainDeploymentConfig=True
    )
    assert moving.described()["EndpointStatus"] == "Updating"
    moving.models.wait(moving.name)
    described = moving.described()
    assert described["EndpointConfigName"] == moving.before
    assert described["LastDeploymentConfig"] == deployment


def test_row_238_an_alarm_in_the_bake_rolls_back(moving, alarm):
    name, turns = alarm
    moving.update(blue_green("CANARY", 600, CanarySize=50), name)
    eventually(lambda: moving.shown_share() == 50, seconds=60)
    turns("ALARM")
    statuses = []

    def settled():
        statuses.append(moving.described()["EndpointStatus"])
        return statuses[-1] == "InService"

    eventually(settled, seconds=60, pause=0.5)
    assert set(statuses) == {"Updating", "RollingBack", "InService"}
    described = moving.described()
    assert described["EndpointConfigName"] == moving.before
    assert name in described["FailureReason"]
    assert moving.green_units() == set()
    text = refusal(
        moving.sm.update_endpoint,
        EndpointName=moving.name,
        EndpointConfigName=moving.after,
        RetainDeploymentConfig=False,
        DeploymentConfig={
            **blue_green("CANARY", 600, CanarySize=50),
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name}]},
        },
    ).response["Error"]["Message"]
    assert "is in state ALARM" in text


def test_row_239_meanwhile_an_update_is_refused_and_a_deletion_is_not(moving):
    moving.update(blue_green("CANARY", 600, CanarySize=10))
    for config in (moving.before, moving.after):
        error = refusal(
            moving.sm.update_endpoint, EndpointName=moving.name, EndpointConfigName=config
        ).response["Error"]
        assert error["Code"] == "ValidationException"
        assert "Cannot update in-progress endpoint" in error["Message"]
    moving.sm.delete_endpoint(EndpointName=moving.name)
    gone = moving.sm.get_waiter("endpoint_deleted")
    gone.wait(EndpointName=moving.name, WaiterConfig=SOON)


REFUSED = {
    "canary": (blue_green("CANARY", 1, CanarySize=51), "at most 50%"),
    "linear": (blue_green("LINEAR", 1, LinearStepSize=9), "between 10% and 50%"),
    "absent": (blue_green("CANARY", 1), "canarySize"),
    "waits": (
        {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": PERCENT, "Value": 5},
                "WaitIntervalInSeconds": 60,
                "MaximumExecutionTimeoutInSeconds": 1200,
            }
        },
        "greater than the 1200 seconds",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_row_237_what_no_update_can_follow_is_refused(moving, case):
    deployment, words = REFUSED[case]
    error = refusal(
        moving.sm.update_endpoint,
        EndpointName=moving.name,
        EndpointConfigName=moving.after,
        DeploymentConfig=deployment,
    ).response["Error"]
    assert error["Code"] == "ValidationException"
    assert words in error["Message"]
    assert moving.described()["EndpointStatus"] == "InService"
