"""Settings of ``inference``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.runtime import RuntimeSettings


@dataclass(frozen=True, kw_only=True)
class InferenceSettings(RuntimeSettings):
    """InvokeEndpoint: models served with features, which the data plane's own path reads.

    Attributes:
        models_bucket: the bucket that imported models' files lie in.
        endpoint_cache_seconds: how long an endpoint's document may be reused, at most 5.
        store_seconds: what the batch read of one request's features may take.
        models_bytes: how many bytes of models' files may be in memory at once.
    """

    models_bucket: str
    endpoint_cache_seconds: float = 5.0
    store_seconds: float = 0.2
    models_bytes: int = 512 * 2**20
