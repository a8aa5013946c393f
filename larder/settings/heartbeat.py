"""Settings of ``heartbeat``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class HeartbeatSettings(Settings):
    """The heartbeat that proves how far the records table's stream has been written offline."""

    registry_table: str
    records_table: str
    records_stream: str
