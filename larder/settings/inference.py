"""Settings of ``inference``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.memory import MemorySettings


@dataclass(frozen=True, kw_only=True)
class InferenceSettings(MemorySettings):
    """InvokeEndpoint: models served with features that are looked up.

    Attributes:
        registry_table: the table of feature groups and of endpoints.
        records_table: the table of records.
        models_bucket: the bucket that imported models' files lie in.
        account_id: with ``region`` and ``partition``, says which group ARNs are this platform's.
        group_cache_seconds: as of ``runtime``.
        endpoint_cache_seconds: how long an endpoint's document may be reused, at most 5.
        store_seconds: what the batch read of one request's features may take.
        models_bytes: how many bytes of models' files may be in memory at once.
        administrators: patterns of the principals that may do everything.
        missing_grants_deny: 1 where an endpoint without grants is closed to everybody else, else 0.
    """

    registry_table: str
    records_table: str
    models_bucket: str
    account_id: str
    region: str
    partition: str
    group_cache_seconds: float = 5.0
    endpoint_cache_seconds: float = 5.0
    store_seconds: float = 0.2
    models_bytes: int = 512 * 2**20
    administrators: tuple[str, ...] = ()
    missing_grants_deny: int = 0
