"""A DeploymentConfig as steps: SageMaker's limits, each refusal in words, and the shares."""

import pytest

from larder.errors import ValidationError
from larder.models.traffic_plan import LONGEST, TrafficPlan, plan_of

PERCENT, COUNT = "CAPACITY_PERCENT", "INSTANCE_COUNT"


def size(value, kind=PERCENT):
    return {"Type": kind, "Value": value}


def blue_green(kind, wait=60, policy=None, **sizes):
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}
    policy = {"TrafficRoutingConfiguration": routing, **(policy or {})}
    return {"BlueGreenUpdatePolicy": policy}


def rolling(wait=60, **members):
    return {"RollingUpdatePolicy": {"WaitIntervalInSeconds": wait, **members}}


def alarms(*names):
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": each} for each in names]}}


@pytest.mark.parametrize("deployment", [{}, alarms(), {"AutoRollbackConfiguration": {}}])
def test_without_a_policy_all_units_move_at_once(deployment):
    plan = plan_of(deployment, (1,))
    assert plan == TrafficPlan()
    assert plan.is_at_once


@pytest.mark.parametrize(
    ("deployment", "counts", "shares"),
    [
        pytest.param(blue_green("ALL_AT_ONCE"), (1,), (1.0,), id="at-once"),
        pytest.param(blue_green("CANARY", CanarySize=size(1)), (1,), (0.01, 1.0), id="canary-1"),
        pytest.param(blue_green("CANARY", CanarySize=size(50)), (1,), (0.5, 1.0), id="canary-50"),
        pytest.param(
            blue_green("CANARY", CanarySize=size(1, COUNT)), (4,), (0.25, 1.0), id="canary-count"
        ),
        pytest.param(
            blue_green("CANARY", CanarySize=size(1, COUNT)), (8, 4), (0.25, 1.0), id="smallest"
        ),
        pytest.param(
            blue_green("LINEAR", LinearStepSize=size(30)), (1,), (0.3, 0.6, 0.9, 1.0), id="linear"
        ),
        pytest.param(
            blue_green("LINEAR", LinearStepSize=size(50)), (1,), (0.5, 1.0), id="linear-50"
        ),
        pytest.param(
            blue_green("LINEAR", LinearStepSize=size(1, COUNT)),
            (3,),
            (1 / 3, 2 / 3, 1.0),
            id="linear-count",
        ),
        pytest.param(rolling(MaximumBatchSize=size(40)), (1,), (0.4, 0.8, 1.0), id="rolling"),
    ],
)
def test_a_policy_is_steps_of_the_green_share(deployment, counts, shares):
    # a third of instances is below SageMaker's limit, and above a tenth
    assert plan_of(deployment, counts).shares == pytest.approx(shares)


def test_a_linear_plan_of_the_smallest_step_ends_at_one():
    plan = plan_of(blue_green("LINEAR", LinearStepSize=size(10)), (1,))
    assert len(plan.shares) == 10
    assert plan.shares[-1] == 1.0
    assert list(plan.shares) == sorted(set(plan.shares))


def test_waits_limits_and_alarms_are_those_that_were_sent():
    policy = {"TerminationWaitInSeconds": 120, "MaximumExecutionTimeoutInSeconds": 900}
    deployment = blue_green("CANARY", 90, policy, CanarySize=size(10)) | alarms("b", "a", "b")
    plan = plan_of(deployment, (1,))
    assert (plan.wait, plan.termination_wait, plan.limit, plan.waits) == (90, 120, 900, 300)
    assert plan.alarms == ("b", "a")
    assert not plan.is_at_once


@pytest.mark.parametrize(
    ("back", "share"), [(None, 1.0), (size(100), 1.0), (size(25), 0.25), (size(1, COUNT), 0.5)]
)
def test_a_rolling_update_rolls_back_in_batches_of_its_own(back, share):
    members = {} if back is None else {"RollbackMaximumBatchSize": back}
    plan = plan_of(rolling(MaximumBatchSize=size(50), **members), (2,))
    assert plan.back == share
    assert plan.limit == LONGEST


REFUSED = {
    "canary-absent": (blue_green("CANARY"), "canarySize' failed", "must not be null"),
    "linear-absent": (blue_green("LINEAR"), "linearStepSize' failed", "must not be null"),
    "canary-too-large": (
        blue_green("CANARY", CanarySize=size(51)),
        "Value '51' at 'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration."
        "canarySize.value'",
        "at most 50%",
    ),
    "canary-of-few": (blue_green("CANARY", CanarySize=size(1, COUNT)), "'1'", "CAPACITY_PERCENT"),
    "linear-too-large": (
        blue_green("LINEAR", LinearStepSize=size(51)),
        "'51'",
        "between 10% and 50%",
    ),
    "linear-too-small": (blue_green("LINEAR", LinearStepSize=size(9)), "'9'", "between 10% and"),
    "rolling-too-small": (rolling(MaximumBatchSize=size(4)), "maximumBatchSize.value", "5% and"),
    "rolling-too-large": (rolling(MaximumBatchSize=size(51)), "'51'", "5% and 50%"),
    "back-too-large": (
        rolling(MaximumBatchSize=size(5), RollbackMaximumBatchSize=size(101)),
        "rollbackMaximumBatchSize.value",
        "at most 100%",
    ),
    "canary-in-linear": (
        blue_green("LINEAR", LinearStepSize=size(20), CanarySize=size(20)),
        "canarySize' failed",
        "no effect",
    ),
    "size-at-once": (
        blue_green("ALL_AT_ONCE", LinearStepSize=size(20)),
        "linearStepSize' failed",
        "no effect",
    ),
    "two-policies": (
        blue_green("ALL_AT_ONCE") | rolling(MaximumBatchSize=size(20)),
        "rollingUpdatePolicy' failed",
        "one policy",
    ),
    "too-long": (
        blue_green("CANARY", 300, {"MaximumExecutionTimeoutInSeconds": 600}, CanarySize=size(9)),
        "Value '600' at 'deploymentConfig.blueGreenUpdatePolicy.maximumExecutionTimeoutInSeconds'",
        "greater than the 600 seconds",
    ),
    "longer-than-any": (rolling(3600, MaximumBatchSize=size(5)), "'28800'", "72000 seconds"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_update_can_follow_is_refused_with_its_limit_and_a_cure(case):
    deployment, place, limit = REFUSED[case]
    with pytest.raises(ValidationError) as raised:
        plan_of(deployment, (1,))
    assert place in str(raised.value)
    assert limit in str(raised.value)


def test_a_serverless_variant_has_no_instances_to_count():
    deployment = blue_green("CANARY", CanarySize=size(1, COUNT))
    with pytest.raises(ValidationError, match="must be CAPACITY_PERCENT"):
        plan_of(deployment, (4, None))
    assert plan_of(blue_green("CANARY", CanarySize=size(10)), (None,)).shares == (0.1, 1.0)
