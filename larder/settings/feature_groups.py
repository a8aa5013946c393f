"""Settings of ``feature_groups``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.control import ControlSettings


@dataclass(frozen=True, kw_only=True)
class FeatureGroupsSettings(ControlSettings):
    """The custom resource that applies definition files, by the control plane's own code.

    Attributes:
        patience_seconds: how long the groups of one deployment may take to become as defined.
    """

    patience_seconds: int = 1680
