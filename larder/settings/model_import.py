"""Settings of ``model_import``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class ModelImportSettings(Settings):
    """CreateModel's import: artefacts read, inspected, and copied.

    Attributes:
        registry_table: the table of feature groups.
        models_bucket: the platform's own bucket, where the copies lie.
        readable: beginnings of the addresses that artefacts are read from, ``s3://bucket/``.
        inspection_seconds: how long the inspection of one model may take.
        inspection_bytes: the address space that it may have.
        administrators: patterns of the principals that may do everything.
        missing_grants_deny: 1 where a group without grants is closed to everybody else, else 0.
    """

    registry_table: str
    account_id: str
    region: str
    partition: str
    models_bucket: str
    readable: tuple[str, ...]
    inspection_seconds: float = 15.0
    inspection_bytes: int = 1_500 * 2**20
    administrators: tuple[str, ...] = ()
    missing_grants_deny: int = 0
