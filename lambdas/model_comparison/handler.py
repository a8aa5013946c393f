"""Entry point of the step that compares models."""

from lambdas.model_comparison.events import create_handler
from larder.settings.trainings import ModelComparisonSettings
from larder.telemetry.log import Log
from larder.wiring.model_comparison import open_comparing

_settings = ModelComparisonSettings.from_env()

handler = create_handler(open_comparing(_settings), Log.of(_settings.stage, "model_comparison"))
