"""Entry point of the steps of transform jobs: builds the object graph once, at cold start."""

from lambdas.transforms.events import create_handler
from larder.settings.transforms import TransformsSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.transforms import open_job_runs

_RESERVE_SECONDS = 20.0
"""Kept back so that the answer is given before Lambda stops the function."""

_settings = TransformsSettings.from_env()
_log = Log.of(_settings.stage, "transforms")

handler = in_time(create_handler(open_job_runs(_settings), _log), reserve_seconds=_RESERVE_SECONDS)
