"""Settings of ``monitoring``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class MonitoringSettings(Settings):
    """What runs monitoring of all endpoints.

    Attributes:
        registry_table: where endpoints and model packages are.
        offline_bucket: where training sets, baselines and runs are.
        glue_database: the database of the table of exposures.
        workgroup: the Athena workgroup that counts.
        inference_function: the function that scores training rows, its alias included.
        places: addresses below which people's documents lie, each ending in a slash.
        alert_topic: the ARN of the topic of alerts; empty where the stage has none.
    """

    registry_table: str
    offline_bucket: str
    glue_database: str
    workgroup: str
    inference_function: str
    places: tuple[str, ...] = ()
    alert_topic: str = ""
