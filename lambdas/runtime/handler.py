"""Entry point of the data plane: builds the object graph once, at cold start."""

import gc

from lambdas.runtime.routes import create_handler
from larder.settings.runtime import RuntimeSettings
from larder.telemetry.log import Log
from larder.wiring.data_plane import open_data_plane

_settings = RuntimeSettings.from_env()
_plane = open_data_plane(_settings)

handler = create_handler(_plane.api, _plane.memory, log=Log.of(_settings.stage, "runtime"))

gc.freeze()  # what a cold start has made lives as long as the process: never walk it again
