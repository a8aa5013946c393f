"""Settings of ``scoring``, which scores the shards of predictions."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class ScoringSettings(Settings):
    """One function, for the shards of all predictions.

    Attributes:
        registry_table: where feature groups are looked up.
        offline_bucket: where records, models and scores lie.
        region: the region of the stage.
        partition: its partition, such as ``aws``.
        models_bytes: how many bytes of models' files may be in memory at once.
        database_mb: memory of DuckDB, in MB.
    """

    registry_table: str
    offline_bucket: str
    region: str
    partition: str
    models_bytes: int = 512 * 2**20
    database_mb: int = 512
