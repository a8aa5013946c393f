"""Updates that move traffic by steps, behind an unmodified boto3 client and a clock of the test.

The machine is a loop of the test's that calls the step function as the state machine would.
"""

import re
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambdas.control.routes import create_handler
from lambdas.model_deployment.events import create_step
from larder.aws.dynamodb.boto import BotoDynamo
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.models.adapters.cloudwatch_alarms import CloudWatchAlarms
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.deploy import Deployments, end_all_forgotten
from larder.models.deployment import LEASE, LOOK_EVERY, SECOND, SETTLING
from larder.models.manage_endpoints import EndpointUpdate
from larder.models.move_endpoint import Traffic
from larder.models.served import EndpointStatus
from larder.telemetry.log import Log
from larder.testing.models import memory_model_registry
from tests.handlers.test_models_control import (
    make_config,
    make_endpoint,
    make_model,
    refused,
)
from tests.support.control import control_plane
from tests.support.model_registry import model_catalog, variant
from tests.support.tables import create_registry_table

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 50,
    "DestinationS3Uri": "s3://lake/captures/",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
PERCENT = "CAPACITY_PERCENT"


def canary(wait=60, size=10, *alarms, **policy):
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": wait,
        "CanarySize": {"Type": PERCENT, "Value": size},
    }
    deployment = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **policy}}
    if alarms:
        named = [{"AlarmName": name} for name in alarms]
        deployment["AutoRollbackConfiguration"] = {"Alarms": named}
    return deployment


@pytest.fixture(params=["memory", "dynamodb"])
def registry(request):
    if request.param == "memory":
        yield memory_model_registry()
        return
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, "registry")
        yield dynamo_model_registry(BotoDynamo(dynamodb), "registry")


class World:
    """A platform with endpoint Scoring on configuration ``old``, and a configuration ``new``."""

    def __init__(self, sm, catalog):
        self.sm, self.catalog, self.clock = sm, catalog, catalog.clock
        self.alarms, self.machine = catalog.traffic.alarms, catalog.traffic.machine
        self.lines = []
        self.deployments = Deployments(
            endpoints=catalog.registry.endpoints, alarms=self.alarms, clock=self.clock
        )
        self.handler = create_step(self.deployments, Log({}, self.lines.append))
        make_model(sm)
        make_model(sm, "churn2")
        make_config(sm, "old", [variant("a", InitialInstanceCount=4)])
        new = [variant("b", "churn2", InitialInstanceCount=4)]
        make_config(sm, "new", new, DataCaptureConfig=CAPTURE)
        make_endpoint(sm, config="old")

    def update(self, deployment=None, config="new", **members):
        if deployment is not None:
            members["DeploymentConfig"] = deployment
        self.sm.update_endpoint(EndpointName="Scoring", EndpointConfigName=config, **members)

    def step(self, seconds=0.0, **event):
        """The step's answer after some time; the event as the machine gives it."""
        self.clock.now += int(seconds * SECOND)
        name, uid = self.machine.begun[-1]
        return self.handler({"EndpointName": name, "Deployment": uid, **event}, None)

    def served(self):
        return self.catalog.registry.endpoints.get("Scoring").served

    def described(self):
        return self.sm.describe_endpoint(EndpointName="Scoring")

    def state(self):
        """Status, configuration, and the share of green."""
        answer, served = self.described(), self.served()
        return answer["EndpointStatus"], answer["EndpointConfigName"], served.green_share


@pytest.fixture
def world(sagemaker_door, registry):
    sm, served = sagemaker_door
    catalog = model_catalog(registry)
    served["handler"] = create_handler(control_plane(), models=catalog)
    return World(sm, catalog)


def test_a_canary_moves_and_bakes_and_all_the_endpoint_has_is_greens_in_the_end(world):
    world.alarms.by_name = {"errors": "OK"}
    deployment = canary(60, 10, "errors", TerminationWaitInSeconds=30)
    world.update(deployment)
    assert world.state() == ("Updating", "old", 0.0)
    ((name, _),) = world.machine.begun
    assert name == "Scoring"

    assert world.step() == {"Over": False, "Seconds": LOOK_EVERY}
    assert world.state() == ("Updating", "old", 0.1)
    pending = world.described()["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "new"
    assert pending["StartTime"].timestamp() == pytest.approx(world.clock.now / SECOND, abs=0.001)
    (shown,) = pending["ProductionVariants"]
    assert (shown["VariantName"], shown["DesiredInstanceCount"]) == ("b", 4)
    assert shown["VariantStatus"] == [{"Status": "Baking", "StatusMessage": "10% of the traffic"}]
    assert "DataCaptureConfig" not in world.described()

    assert world.step(60)["Over"] is False
    assert world.state() == ("Updating", "old", 1.0)
    assert world.step(60)["Seconds"] == LOOK_EVERY
    assert world.state() == ("Updating", "old", 1.0)
    assert world.step(30) == {"Over": True, "Seconds": 1}
    assert world.state() == ("InService", "new", 0.0)
    answer = world.described()
    assert answer["LastDeploymentConfig"] == deployment
    assert answer["DataCaptureConfig"]["CurrentSamplingPercentage"] == 50
    assert [each["VariantName"] for each in answer["ProductionVariants"]] == ["b"]
    assert not {"FailureReason", "PendingDeploymentSummary"} & set(answer)
    assert world.served().green is None
    assert world.step() == {"Over": True, "Seconds": 1}


@pytest.mark.parametrize("seconds", [(), (60,), (60, 60)], ids=["canary", "all", "keeping-blue"])
def test_an_alarm_rolls_back_while_blue_is_kept_and_says_why(world, seconds):
    world.alarms.by_name = {"errors": "OK", "latency": "INSUFFICIENT_DATA"}
    world.update(canary(60, 10, "latency", "errors", TerminationWaitInSeconds=30))
    world.step()
    for each in seconds:
        world.step(each)
    world.alarms.by_name["errors"] = "ALARM"
    assert world.step(5) == {"Over": False, "Seconds": SETTLING}
    assert world.state() == ("RollingBack", "old", 0.0)
    (shown,) = world.described()["PendingDeploymentSummary"]["ProductionVariants"]
    assert shown["VariantStatus"][0]["Status"] == "Deleting"
    assert "'errors' is in state ALARM" in shown["VariantStatus"][0]["StatusMessage"]

    assert world.step(SETTLING)["Over"]
    assert world.state() == ("InService", "old", 0.0)
    answer = world.described()
    assert answer["FailureReason"] == "The CloudWatch alarm 'errors' is in state ALARM."
    assert "LastDeploymentConfig" not in answer
    world.alarms.by_name["errors"] = "OK"
    world.update(canary(60, 10, "errors"))
    assert "FailureReason" not in world.described()


def test_an_alarm_that_is_deleted_meanwhile_rolls_back(world):
    world.alarms.by_name = {"errors": "OK"}
    world.update(canary(60, 10, "errors"))
    world.step()
    world.alarms.by_name.clear()
    world.step(10)
    assert world.state() == ("RollingBack", "old", 0.0)
    assert (
        "does not exist"
        in world.catalog.registry.endpoints.get("Scoring").pending.deployment.reason
    )


@pytest.mark.parametrize(
    ("states", "words"),
    [({}, "'errors' does not exist"), ({"errors": "ALARM"}, "'errors' is in state ALARM")],
    ids=["absent", "ringing"],
)
@pytest.mark.parametrize("wait", [0, 60])
def test_an_update_is_refused_that_an_alarm_would_roll_back_at_once(world, states, words, wait):
    world.alarms.by_name = states
    text = refused(
        world.sm.update_endpoint,
        EndpointName="Scoring",
        EndpointConfigName="new",
        DeploymentConfig=canary(wait, 10, "errors"),
    )
    assert words in text
    assert "leave it out" in text
    assert world.state() == ("InService", "old", 0.0)
    assert world.machine.begun == []


def test_an_update_that_is_busy_or_not_ones_own_is_refused_before_alarms_are_asked_for(world):
    world.update(canary(60))
    world.alarms.error = AssertionError("asked")
    members = {"EndpointConfigName": "new", "DeploymentConfig": canary(60, 10, "errors")}
    text = refused(world.sm.update_endpoint, EndpointName="Scoring", **members)
    assert text.startswith("Cannot update in-progress endpoint")
    text = refused(world.sm.update_endpoint, EndpointName="None", **members)
    assert text.startswith("Could not find endpoint")


def test_what_waits_for_nothing_moves_all_units_within_the_call(world):
    deployment = canary(0, 10)
    world.update(deployment)
    assert world.state() == ("InService", "new", 0.0)
    assert world.machine.begun == []
    assert world.described()["LastDeploymentConfig"] == deployment


def test_meanwhile_no_other_update_is_taken_but_a_deletion_is(world):
    world.update(canary(60))
    world.step()
    weigh = [{"VariantName": "a", "DesiredWeight": 7.0}]
    for call, members in (
        (world.sm.update_endpoint, {"EndpointConfigName": "new"}),
        (world.sm.update_endpoint_weights_and_capacities, {"DesiredWeightsAndCapacities": weigh}),
    ):
        text = refused(call, EndpointName="Scoring", **members)
        assert text.startswith("Cannot update in-progress endpoint")
    arn = world.described()["EndpointArn"]
    world.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert world.state() == ("Updating", "old", 0.1)
    world.sm.delete_endpoint(EndpointName="Scoring")
    assert world.step(60) == {"Over": True, "Seconds": 1}
    make_endpoint(world.sm, config="old")
    assert world.step(60) == {"Over": True, "Seconds": 1}
    assert world.state() == ("InService", "old", 0.0)


def test_a_configuration_and_models_may_go_while_their_update_moves_traffic(world):
    world.update(canary(60))
    world.sm.delete_endpoint_config(EndpointConfigName="new")
    world.sm.delete_model(ModelName="churn2")
    world.step()
    world.step(60)
    assert world.step(60)["Over"]
    assert world.state() == ("InService", "new", 0.0)


def test_a_model_that_cannot_serve_moves_no_unit(world):
    world.catalog.warm_up.reason = "the artefact is broken"
    world.update(canary(60))
    assert world.state() == ("InService", "old", 0.0)
    assert world.described()["FailureReason"] == "the artefact is broken"
    assert world.machine.begun == []


def test_a_machine_that_does_not_begin_moves_no_unit(world):
    world.machine.error = ServiceUnavailable("Step Functions is silent")
    world.update(canary(60))
    assert world.state() == ("InService", "old", 0.0)
    assert "Step Functions is silent" in world.described()["FailureReason"]
    world.machine.error = None
    world.update(canary(60))
    assert world.state() == ("Updating", "old", 0.0)


@pytest.mark.parametrize("registry", ["dynamodb"], indirect=True)
def test_an_update_that_has_no_room_in_the_registry_moves_no_unit(world):
    """Blue and green are one item while traffic moves, and DynamoDB bounds an item."""
    long = {f"K{number}": "x" * 1024 for number in range(95)}
    large = {
        "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        "ModelDataUrl": "s3://lake/churn/model.tar.gz",
        "Environment": long,
    }

    def imported(request):
        return replace(model_catalog().importer(request), environment=dict(request.environment))

    object.__setattr__(world.catalog, "importer", imported)
    for name in ("large", "larger"):
        make_model(world.sm, name, PrimaryContainer=large)
        variants = [variant(each, name) for each in ("x", "y", "z")]
        make_config(world.sm, name, variants)
    make_endpoint(world.sm, "Large", "large")
    members = {"EndpointName": "Large", "DeploymentConfig": canary(60)}
    world.sm.update_endpoint(EndpointConfigName="larger", **members)
    answer = world.sm.describe_endpoint(EndpointName="Large")
    assert (answer["EndpointStatus"], answer["EndpointConfigName"]) == ("InService", "large")
    assert "bytes in the registry" in answer["FailureReason"]


# the page's own example


def example():
    """The code of the section on updates by steps in docs/models.md."""
    page = (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")
    section = page.partition("\n## Update an endpoint by steps\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.+?)```", section, re.DOTALL)
    return code, section


class Driven:
    """A machine that takes all steps at once, each at its time; ``meanwhile`` after the first."""

    def __init__(self, deployments, clock, meanwhile):
        self.deployments, self.clock, self.meanwhile = deployments, clock, meanwhile

    def start(self, endpoint, uid):
        while seconds := self.deployments.step(endpoint, uid):
            self.meanwhile()
            self.clock.now += seconds * SECOND


@pytest.mark.parametrize("registry", ["dynamodb"], indirect=True)
@pytest.mark.parametrize(
    ("state", "printed"),
    [
        ("OK", "flights-2 moved"),
        ("ALARM", "flights-1 The CloudWatch alarm 'flights-new-errors' is in state ALARM."),
    ],
)
def test_the_example_of_the_page_does_what_the_page_says(world, capsys, state, printed):
    cloudwatch = boto3.client("cloudwatch")
    alarms = CloudWatchAlarms(cloudwatch)

    def meanwhile():
        cloudwatch.set_alarm_state(
            AlarmName="flights-new-errors", StateValue=state, StateReason="a test"
        )

    steps = replace(world.deployments, alarms=alarms)
    traffic = Traffic(alarms, Driven(steps, world.clock, meanwhile))
    object.__setattr__(world.catalog, "traffic", traffic)
    for number in (1, 2):
        make_config(world.sm, f"flights-{number}", [variant("AllTraffic")])
    make_endpoint(world.sm, "flights", "flights-1")
    code, section = example()
    capsys.readouterr()
    exec(compile(code, "docs/models.md", "exec"), {"control": world.sm, "cloudwatch": cloudwatch})
    assert capsys.readouterr().out.splitlines()[-1] == printed
    assert "It prints `flights-2 moved`." in section


# what happens to an update whose machine stops


def ended_by_describe(world):
    world.described()


def ended_by_the_sweep(world):
    assert end_all_forgotten(world.catalog.registry.endpoints, world.clock()) == ["Scoring"]


@pytest.mark.parametrize(
    "end", [ended_by_describe, ended_by_the_sweep], ids=lambda end: end.__name__
)
def test_an_update_whose_machine_stopped_is_rolled_back_by_a_reader_and_by_the_sweep(world, end):
    world.update(canary(60))
    world.step()
    world.clock.now += (60 + LEASE) * SECOND
    assert end_all_forgotten(world.catalog.registry.endpoints, world.clock()) == []
    assert world.state() == ("Updating", "old", 0.1)
    world.clock.now += 1
    end(world)
    served = world.served()
    assert (served.status, served.green, served.green_share) == (EndpointStatus.IN_SERVICE, None, 0)
    assert "update stopped" in world.described()["FailureReason"]
    assert world.step(60) == {"Over": True, "Seconds": 1}


def test_after_an_update_that_stopped_the_next_one_is_taken(world):
    world.update(canary(60))
    world.clock.now += (LEASE + 1) * SECOND
    world.update(canary(60))
    assert world.state() == ("Updating", "old", 0.0)
    assert len(world.machine.begun) == 2


def test_an_update_that_stopped_after_all_traffic_had_moved_and_baked_is_done(world):
    world.update(canary(60, TerminationWaitInSeconds=30))
    for seconds in (0, 60, 60):
        world.step(seconds)
    world.clock.now += (30 + LEASE + 1) * SECOND
    assert world.state() == ("InService", "new", 0.0)


def test_a_machine_that_gives_up_rolls_back_though_alarms_are_not_to_be_read(world):
    world.alarms.by_name = {"errors": "OK"}
    world.update(canary(60, 10, "errors"))
    world.step()
    world.alarms.error = ThrottlingException("slow down")
    with pytest.raises(ThrottlingException):
        world.step(10)
    assert '"level":"ERROR"' in world.lines[-1]
    assert world.state() == ("Updating", "old", 0.1)
    assert world.step(0, Broken="its steps failed")["Over"] is False
    assert world.state() == ("RollingBack", "old", 0.0)
    assert world.step(SETTLING, Broken="its steps failed")["Over"]
    assert world.described()["FailureReason"] == "its steps failed"


def test_an_update_that_an_older_release_ended_without_a_word_leaves_blue(world):
    world.update(canary(60))
    world.step()
    endpoints = world.catalog.registry.endpoints
    found = endpoints.get("Scoring")
    served = replace(found.served, status=EndpointStatus.IN_SERVICE)
    endpoints.replace(replace(found, served=served, failure="interrupted"))
    assert world.state() == ("InService", "old", 0.0)
    assert world.served().green is None
    assert world.described()["FailureReason"] == "interrupted"


def test_two_machines_of_one_update_take_each_step_once(world):
    world.update(canary(60))
    world.step()
    generation = world.served().generation
    world.step()
    assert world.served().generation == generation
    world.step(60)
    world.step()
    assert world.served().generation == generation + 1


# the DeploymentConfig that an endpoint keeps


def test_create_endpoint_keeps_a_config_for_updates_that_retain_it(world):
    deployment = canary(60)
    make_endpoint(world.sm, "Kept", "old", DeploymentConfig=deployment)
    assert world.sm.describe_endpoint(EndpointName="Kept")["LastDeploymentConfig"] == deployment
    world.sm.update_endpoint(
        EndpointName="Kept", EndpointConfigName="new", RetainDeploymentConfig=True
    )
    assert world.sm.describe_endpoint(EndpointName="Kept")["EndpointStatus"] == "Updating"
    world.sm.delete_endpoint(EndpointName="Kept")
    make_endpoint(world.sm, "Kept", "old", DeploymentConfig=deployment)
    world.sm.update_endpoint(EndpointName="Kept", EndpointConfigName="new")
    assert world.sm.describe_endpoint(EndpointName="Kept")["EndpointStatus"] == "InService"


@pytest.mark.parametrize("operation", ["create_endpoint", "update_endpoint"])
def test_a_size_beyond_the_limit_is_refused_where_it_is_asked_for(world, operation):
    name = "Other" if operation == "create_endpoint" else "Scoring"
    text = refused(
        getattr(world.sm, operation),
        EndpointName=name,
        EndpointConfigName="new",
        DeploymentConfig=canary(60, 51),
    )
    assert "Value '51' at 'deploymentConfig.blueGreenUpdatePolicy" in text
    assert "at most 50%" in text
    assert world.state() == ("InService", "old", 0.0)


def test_instances_are_counted_of_the_configuration_that_is_moved_to(world):
    deployment = canary(60)
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    routing["CanarySize"] = {"Type": "INSTANCE_COUNT", "Value": 1}
    world.update(deployment)
    world.step()
    assert world.state() == ("Updating", "old", 0.25)


def test_weights_that_are_retained_are_greens(world):
    make_config(world.sm, "more", [variant("a", "churn2"), variant("c", "churn2")])
    weigh = [{"VariantName": "a", "DesiredWeight": 7.0}]
    world.sm.update_endpoint_weights_and_capacities(
        EndpointName="Scoring", DesiredWeightsAndCapacities=weigh
    )
    world.update(canary(60), "more", RetainAllVariantProperties=True)
    world.step()
    green = world.served().green
    assert {each.name: each.weight for each in green.variants} == {"a": 7.0, "c": 1.0}


def test_the_update_of_a_python_caller_is_the_same(world):
    update = EndpointUpdate(config="new", deployment=canary(60))
    assert world.catalog.endpoints.update("Scoring", update).status is EndpointStatus.UPDATING
