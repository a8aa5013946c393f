"""Constant requests while updates move an endpoint's traffic by steps: none lost, none wrong.

Each request is of a unit, so that the share of units and their way from blue to green are seen.
"""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import sqrt
from typing import Any

import pytest
from botocore.exceptions import ClientError

from larder.models.deployment import LEASE
from tests.e2e.conftest import DeployedPlatform
from tests.e2e.test_models import Models
from tests.support import boosters
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e
ROWS, _ = boosters.data()
BODY = ",".join(repr(float(value)) for value in ROWS[0])
SEEDS = (1, 2, 3)
SCORES = {f"v{seed}": boosters.predict(boosters.booster(seed=seed), ROWS[:1])[0] for seed in SEEDS}
CACHED = 5.0
"""Seconds after which no process goes by an older share (``larder.models.endpoint_cache``)."""
UNITS = 120


@dataclass(frozen=True)
class Seen:
    """An answer: the variant, or the code and words of a refusal. Times are of one clock."""

    asked: float
    answered: float
    unit: int
    variant: str


@dataclass
class Load:
    """Requests of units in turn, on a few threads."""

    platform: DeployedPlatform
    models: Models
    endpoint: str
    seen: list[Seen] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    numbers: Any = field(default_factory=count)

    def once(self, unit: int) -> str:
        """The variant that answered, or the code and words of the refusal."""
        try:
            answer = self.models.runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                Body=BODY,
                ContentType="text/csv",
                SessionId=f"u{unit}",
            )
        except ClientError as error:
            return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
        with answer["Body"] as body:
            score, variant = float(body.read()), answer["InvokedProductionVariant"]
        if SCORES.get(variant) != score:
            self.wrong.append((variant, score))
        return str(variant)

    def run(self) -> None:
        while not self.stop.is_set():
            asked, unit = time.monotonic(), next(self.numbers) % UNITS
            variant = self.once(unit)
            self.seen.append(Seen(asked, time.monotonic(), unit, variant))

    def of_units(self, since: float) -> dict[int, list[Seen]]:
        """The answers of each unit that was asked for after an instant, in the order of asking."""
        found: dict[int, list[Seen]] = defaultdict(list)
        for each in sorted(self.seen, key=lambda each: each.asked):
            if each.asked >= since:
                found[each.unit].append(each)
        return found

    def variants(self, since: float = 0.0) -> set[str]:
        """Everything that was answered since an instant."""
        return {each.variant for each in list(self.seen) if each.asked >= since}

    def went_back(self, since: float, blue: str, green: str) -> list[Seen]:
        """Answers of blue to a unit that was green before, but while an older share was cached."""
        found = []
        for answers in self.of_units(since).values():
            moved = min((each.answered for each in answers if each.variant == green), default=None)
            if moved is not None:
                late = moved + CACHED
                found += [each for each in answers if each.variant == blue and each.asked > late]
        return found

    def share(self, variant: str, since: float) -> float | None:
        """The share of units that a variant has; ``None`` until each unit was asked for."""
        found = self.of_units(since)
        if len(found) < UNITS:
            return None
        return sum(each[-1].variant == variant for each in found.values()) / UNITS

    def described(self) -> dict[str, Any]:
        return dict(self.models.control.describe_endpoint(EndpointName=self.endpoint))

    def update(self, config: str, policy: dict[str, Any], *alarms: str) -> None:
        deployment: dict[str, Any] = {"BlueGreenUpdatePolicy": policy}
        if alarms:
            named = [{"AlarmName": each} for each in alarms]
            deployment["AutoRollbackConfiguration"] = {"Alarms": named}
        self.models.control.update_endpoint(
            EndpointName=self.endpoint, EndpointConfigName=config, DeploymentConfig=deployment
        )

    def alarm(self) -> str:
        """An alarm that is well."""
        name, cloudwatch = f"{self.endpoint}-alarm", self.platform.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Larder",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": "EndpointName", "Value": self.endpoint}],
            Statistic="Average",
            Period=10,
            EvaluationPeriods=1,
            Threshold=0.5,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")
        return name


@pytest.fixture
def load(platform: DeployedPlatform) -> Iterator[Load]:
    models = Models(
        platform.client("sagemaker"),
        platform.client("sagemaker-runtime"),
        platform.client("s3"),
        platform.outputs["OfflineBucketName"],
    )
    load = Load(platform, models, f"move-{uuid.uuid4().hex[:8]}")
    models.control.create_endpoint(
        EndpointName=load.endpoint, EndpointConfigName=load.models.config_of_seed(load.endpoint, 1)
    )
    models.control.get_waiter("endpoint_in_service").wait(
        EndpointName=load.endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    threads = [threading.Thread(target=load.run) for _ in range(3)]
    for each in threads:
        each.start()
    yield load
    load.stop.set()
    for each in threads:
        each.join()


def routing(kind: str, wait: int, **sizes: Any) -> dict[str, Any]:
    sized = {name: {"Type": "CAPACITY_PERCENT", "Value": value} for name, value in sizes.items()}
    return {"Type": kind, "WaitIntervalInSeconds": wait, **sized}


def close_to(share: float | None, asked: float) -> bool:
    """Whether a share of the units is as asked, within four standard deviations."""
    return share is not None and abs(share - asked) <= 4 * sqrt(asked * (1 - asked) / UNITS)


def canary(load: Load) -> str:
    """30 % of the units for a while, then all; the configuration that serves in the end."""
    following, began = load.models.config_of_seed(load.endpoint, 2), time.monotonic()
    policy = {
        "TrafficRoutingConfiguration": routing("CANARY", 20, CanarySize=30),
        "TerminationWaitInSeconds": 2,
    }
    load.update(following, policy)
    assert load.described()["EndpointStatus"] == "Updating"
    moved = eventually(lambda: "v2" in load.variants() and time.monotonic())
    share = eventually(lambda: load.share("v2", moved + CACHED))
    pending = load.described()["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == following
    assert pending["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"].startswith("30%")
    assert close_to(share, 0.3), share
    eventually(lambda: load.described()["EndpointStatus"] == "InService")
    done = load.described()
    assert (done["EndpointConfigName"], "FailureReason" in done) == (following, False)
    assert done["LastDeploymentConfig"]["BlueGreenUpdatePolicy"] == policy
    assert "PendingDeploymentSummary" not in done
    settled = time.monotonic() + CACHED
    assert eventually(lambda: load.share("v2", settled)) == 1
    assert load.went_back(began, "v1", "v2") == []
    assert load.variants(began) == {"v1", "v2"}
    return following


def rolled_back(load: Load, before: str) -> None:
    """An alarm in the bake: all units go back to the old variant, and the reason is shown."""
    alarm, cloudwatch = load.alarm(), load.platform.client("cloudwatch")
    policy = {"TrafficRoutingConfiguration": routing("LINEAR", 600, LinearStepSize=50)}
    load.update(load.models.config_of_seed(load.endpoint, 3), policy, alarm)
    began = time.monotonic()
    eventually(lambda: "v3" in load.variants())
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    eventually(lambda: load.described()["EndpointStatus"] == "RollingBack")
    eventually(lambda: load.described()["EndpointStatus"] == "InService")
    described = load.described()
    assert described["EndpointConfigName"] == before
    assert alarm in described["FailureReason"]
    settled = time.monotonic() + CACHED
    assert eventually(lambda: load.share("v2", settled)) == 1
    assert load.variants(began) == {"v2", "v3"}


def linear(load: Load) -> None:
    """Half of the units, then all."""
    following, began = load.models.config_of_seed(load.endpoint, 3), time.monotonic()
    policy = {"TrafficRoutingConfiguration": routing("LINEAR", 20, LinearStepSize=50)}
    load.update(following, policy, load.alarm())
    moved = eventually(
        lambda: (
            load.described()["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][
                0
            ]["StatusMessage"].startswith("50%")
            and time.monotonic()
        )
    )
    share = eventually(lambda: load.share("v3", moved + CACHED))
    assert close_to(share, 0.5), share
    eventually(lambda: load.described()["EndpointStatus"] == "InService")
    assert load.described()["EndpointConfigName"] == following
    settled = time.monotonic() + CACHED
    assert eventually(lambda: load.share("v3", settled)) == 1
    assert load.went_back(began, "v2", "v3") == []


@pytest.mark.timeout(900)  # its updates wait for a minute and a half, and a busy machine for more
def test_no_request_is_lost_or_wrong_while_updates_move_by_steps_and_roll_back(load: Load) -> None:
    eventually(lambda: load.share("v1", 0.0) == 1)
    second = canary(load)
    rolled_back(load, second)
    linear(load)
    answered = len(load.seen)
    load.models.control.delete_endpoint(EndpointName=load.endpoint)
    gone = "ValidationError"
    eventually(lambda: load.seen[-1].variant.startswith(gone))
    load.stop.set()
    assert {each.variant for each in load.seen[:answered]} <= set(SCORES), "none was lost"
    ends = {each.variant.partition(":")[0] for each in load.seen[answered:]}
    assert ends <= {*SCORES, gone}
    assert load.wrong == []
    print(f"{len(load.seen)} requests, of which {answered} before the end")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_an_update_whose_execution_is_stopped_is_rolled_back_by_its_readers(load: Load) -> None:
    before, machines = load.described()["EndpointConfigName"], load.platform.client("stepfunctions")
    policy = {"TrafficRoutingConfiguration": routing("LINEAR", 3, LinearStepSize=10)}
    load.update(load.models.config_of_seed(load.endpoint, 2), policy)
    eventually(lambda: "v2" in load.variants())
    (running,) = (
        each
        for each in machines.list_executions(
            stateMachineArn=load.platform.outputs["ModelDeploymentMachineArn"],
            statusFilter="RUNNING",
        )["executions"]
        if each["name"].startswith(load.endpoint)
    )
    machines.stop_execution(executionArn=running["executionArn"])
    assert load.described()["EndpointStatus"] == "Updating"
    eventually(lambda: load.described()["EndpointStatus"] == "InService", seconds=LEASE + 120)
    described = load.described()
    assert described["EndpointConfigName"] == before
    assert "update stopped" in described["FailureReason"]
    settled = time.monotonic() + CACHED
    assert eventually(lambda: load.share("v1", settled)) == 1
    assert load.variants() <= set(SCORES), "none was lost"
    assert load.wrong == []
