"""Entry point of the projector that keeps the in-memory tier true to the records table's stream."""

import gc

from lambdas.memory_projector.events import create_projector
from larder.settings.memory_projector import MemoryProjectorSettings
from larder.telemetry.log import Log
from larder.wiring.memory_projector import open_memory_projection

_settings = MemoryProjectorSettings.from_env()
_projection = open_memory_projection(_settings)

handler = create_projector(
    _projection.tier, _projection.parse, Log.of(_settings.stage, "memory_projector")
)

gc.freeze()  # what a cold start has made lives as long as the process: never walk it again
