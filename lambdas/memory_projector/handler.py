"""Entry point of the projector that keeps the in-memory tier true to the records table's stream."""

import gc

from lambdas.memory_projector.events import create_projector
from larder.adapters.memory_open import open_memory_tier
from larder.settings import MemoryProjectorSettings

_settings = MemoryProjectorSettings.from_env()

handler = create_projector(open_memory_tier(_settings, _settings.region))

gc.freeze()
