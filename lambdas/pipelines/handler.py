"""Entry point of the steps that look, claim, compute, check and record."""

from lambdas.pipelines.events import create_handler
from larder.settings.pipelines import PipelinesSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.pipeline_runs import open_pipeline_work

_RESERVE_SECONDS = 20.0
"""Kept back so that the answer is given before Lambda stops the function."""

_settings = PipelinesSettings.from_env()

handler = in_time(
    create_handler(open_pipeline_work(_settings), Log.of(_settings.stage, "pipelines")),
    reserve_seconds=_RESERVE_SECONDS,
)
