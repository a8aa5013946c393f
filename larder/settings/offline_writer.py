"""Settings of ``offline_writer``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.bucket_folders import QUARANTINE
from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class OfflineWriterSettings(Settings):
    """The writer that follows the records table's stream into the offline tables.

    ``quarantine_prefix`` is where records that can't be written go, one object each, in
    ``offline_bucket``.
    """

    registry_table: str
    offline_bucket: str
    quarantine_prefix: str = QUARANTINE
