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
        alert_topic: the ARN of the topic of alerts; empty where the stage has none.
    """

    registry_table: str
    offline_bucket: str
    glue_database: str
    workgroup: str
    inference_function: str
    alert_topic: str = ""
