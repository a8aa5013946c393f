"""Entry point of the state machine's step: builds the object graph once, at cold start."""

from lambdas.model_deployment.events import create_step
from larder.settings.model_deployment import ModelDeploymentSettings
from larder.telemetry.log import Log
from larder.wiring.model_deployment import open_deployments

_settings = ModelDeploymentSettings.from_env()

handler = create_step(open_deployments(_settings), Log.of(_settings.stage, "model_deployment"))
