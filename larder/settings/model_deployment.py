"""Settings of ``model_deployment``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class ModelDeploymentSettings(Settings):
    """The function that takes the steps of updates of endpoints: it reads alarms and writes items.

    Attributes:
        registry_table: the table with the endpoints.
    """

    registry_table: str
