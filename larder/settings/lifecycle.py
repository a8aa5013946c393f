"""Settings of ``lifecycle``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class LifecycleSettings(Settings):
    """The provisioner that follows the registry's stream: offline tables made, groups purged."""

    registry_table: str
    records_table: str
    offline_bucket: str
    glue_database: str
    group_cache_seconds: float = 5.0
