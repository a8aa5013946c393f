"""Entry point of the step that scores shards."""

from lambdas.scoring.events import create_handler
from larder.settings.scoring import ScoringSettings
from larder.telemetry.log import Log
from larder.wiring.scoring import open_scoring

_settings = ScoringSettings.from_env()

handler = create_handler(open_scoring(_settings), Log.of(_settings.stage, "scoring"))
