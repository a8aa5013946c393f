"""Settings of ``maintenance``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class MaintenanceSettings(Settings):
    """The scheduled maintenance of the offline tables.

    The numbers are ``larder.offline.upkeep``'s rules.
    """

    registry_table: str
    offline_bucket: str
    snapshot_days: int
    pinned_days: int
    orphan_hours: int
