"""Entry point of the exposure writer: builds the object graph once, at cold start."""

from lambdas.exposure_writer.events import create_handler
from larder.settings.exposure_writer import ExposureWriterSettings
from larder.telemetry.log import Log
from larder.wiring.exposure_writer import open_exposure_writing
from larder.wiring.lambda_context import in_time

_RESERVE_SECONDS = 10.0
"""Kept back so that a commit under way ends, and the answer is given."""

_settings = ExposureWriterSettings.from_env()
_writing = open_exposure_writing(_settings)

handler = in_time(
    create_handler(
        _writing.recorder,
        _writing.parked,
        _writing.keeper,
        Log.of(_settings.stage, "exposure_writer"),
    ),
    reserve_seconds=_RESERVE_SECONDS,
)
