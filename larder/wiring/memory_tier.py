"""The in-memory tier that a function's settings name."""

from __future__ import annotations

from larder.aws.dynamodb.wire.environment import ca_bundle_from, credentials_from
from larder.memory.tier import MemoryTier
from larder.settings.memory import MemorySettings
from larder.valkey import Valkey, ValkeyEndpoint
from larder.valkey.iam_auth import IamAuthentication


def open_memory_tier(
    settings: MemorySettings, region: str, *, patient_seconds: float = 0.0
) -> MemoryTier:
    """The tier. Nothing is connected yet; raises as ``memory_client``."""
    return MemoryTier(
        memory_client(settings, region),
        patient_seconds=patient_seconds,
        epoch=settings.valkey_epoch,
    )


def memory_client(settings: MemorySettings, region: str) -> Valkey:
    """Valkey's client. Nothing is connected yet.

    Raises:
        ConfigurationError: the address is empty (the stage has no tier) or malformed, or there are
            no credentials to sign with.
    """
    tls = bool(settings.valkey_tls)
    endpoint = ValkeyEndpoint.at(settings.valkey_address, tls=tls, ca_bundle=ca_bundle_from())
    credentials = None
    if tls and settings.valkey_user:
        credentials = IamAuthentication(
            cache=settings.valkey_cache,
            user=settings.valkey_user,
            region=region,
            credentials=credentials_from(),
        )
    return Valkey(endpoint, credentials=credentials)
