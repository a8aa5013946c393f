"""Entry point of the steps that plan, claim, pin, read, check, release and record."""

from lambdas.predictions.events import create_handler
from larder.settings.predictions import PredictionsSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.predictions import open_prediction_work

_RESERVE_SECONDS = 20.0
"""Kept back so that the answer is given before Lambda stops the function."""

_settings = PredictionsSettings.from_env()
_log = Log.of(_settings.stage, "predictions")

handler = in_time(
    create_handler(open_prediction_work(_settings), _log), reserve_seconds=_RESERVE_SECONDS
)
