"""Settings of ``transforms``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.inference import InferenceSettings


@dataclass(frozen=True, kw_only=True)
class TransformsSettings(InferenceSettings):
    """The steps of transform jobs: models served as for endpoints, over objects of S3.

    Attributes:
        places: addresses below which jobs read and write, each ending in a slash.
        most_tasks: how many tasks of one job run at a time at most.
    """

    places: tuple[str, ...]
    most_tasks: int = 20
