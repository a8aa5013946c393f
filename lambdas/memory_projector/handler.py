"""Entry point of the projector that keeps the in-memory tier true to the records table's stream."""

import gc

from lambdas.memory_projector.events import create_projector
from larder.settings.memory_projector import MemoryProjectorSettings
from larder.wiring.memory_tier import open_memory_tier

_settings = MemoryProjectorSettings.from_env()

handler = create_projector(open_memory_tier(_settings, _settings.region))

gc.freeze()
