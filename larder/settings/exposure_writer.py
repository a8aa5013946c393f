"""Settings of ``exposure_writer``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class ExposureWriterSettings(Settings):
    """The writer that follows the inference function's log into the table of exposures.

    Attributes:
        registry_table: the table with the leases of offline tables.
        offline_bucket: where the table of exposures lies, and quarantine.
        glue_database: the database of the table.
        inference_function: the function that scores shadows, its alias included.
        capture_below: addresses below which data capture may write, each ending in a slash.
        snapshot_days: with ``orphan_hours``, rules of the table's maintenance.
    """

    registry_table: str
    offline_bucket: str
    glue_database: str
    inference_function: str
    capture_below: tuple[str, ...]
    snapshot_days: int
    orphan_hours: int
