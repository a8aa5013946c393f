"""Settings of every function that uses the in-memory tier."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class MemorySettings(Settings):
    """Where the in-memory tier is, if the stage has one.

    ``valkey_address`` is ``host:port``, empty without a tier. ``valkey_tls`` is 1 or 0; without TLS
    no credentials are sent. ``valkey_user`` is the ElastiCache user that authenticates by IAM.
    ``valkey_cache`` is the name of the serverless cache that its tokens are signed for.
    ``valkey_epoch`` is the restore that the records table came from, empty without one.
    """

    valkey_address: str = ""
    valkey_tls: int = 1
    valkey_user: str = ""
    valkey_cache: str = ""
    valkey_epoch: str = ""
