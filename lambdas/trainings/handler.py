"""Entry point of the steps that plan, build, register, decide and close."""

from lambdas.trainings.events import create_handler
from larder.settings.trainings import TrainingsSettings
from larder.telemetry.log import Log
from larder.wiring.trainings import open_training_work

_settings = TrainingsSettings.from_env()

handler = create_handler(open_training_work(_settings), Log.of(_settings.stage, "trainings"))
