"""Updates of endpoints that move traffic: who begins them, and who takes their steps."""

from __future__ import annotations

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.state_machine import StateMachine
from larder.models.adapters.cloudwatch_alarms import CloudWatchAlarms
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.adapters.step_functions import StepFunctionsMachine
from larder.models.deploy import Deployments
from larder.models.move_endpoint import Traffic
from larder.settings.model_deployment import ModelDeploymentSettings
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros

_READ_SECONDS = 5.0


def open_deployments(settings: ModelDeploymentSettings) -> Deployments:
    """The steps of the updates in the registry that the settings name."""
    config = background(read_seconds=_READ_SECONDS)
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    return Deployments(
        endpoints=dynamo_model_registry(dynamodb, settings.registry_table).endpoints,
        alarms=CloudWatchAlarms(boto3.client("cloudwatch", config=config)),
        clock=now_micros,
    )


def open_traffic(machine_arn: str) -> Traffic:
    """What begins updates by the machine of that ARN."""
    config = background(read_seconds=_READ_SECONDS)
    return Traffic(
        alarms=CloudWatchAlarms(boto3.client("cloudwatch", config=config)),
        machine=StepFunctionsMachine(
            StateMachine(boto3.client("stepfunctions", config=config), machine_arn)
        ),
    )
