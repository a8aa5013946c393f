"""Settings of ``memory_projector``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.memory import MemorySettings


@dataclass(frozen=True, kw_only=True)
class MemoryProjectorSettings(MemorySettings):
    """The projector that follows the records table's stream and repairs the in-memory tier."""

    region: str
