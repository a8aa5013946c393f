"""The projector of the records table's stream into the in-memory tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from larder.memory.adapters.dynamodb_stream import entry_change
from larder.memory.tier import MemoryTier
from larder.records.record import RecordVersion
from larder.settings.memory_projector import MemoryProjectorSettings
from larder.wiring.memory_tier import open_memory_tier


@dataclass(frozen=True, slots=True)
class MemoryProjection:
    """The tier, and what reads the key and version of an entry in a record of the stream."""

    tier: MemoryTier
    parse: Callable[[Mapping[str, Any]], tuple[bytes, RecordVersion] | None]


def open_memory_projection(settings: MemoryProjectorSettings) -> MemoryProjection:
    """The projection into the tier that the settings name; nothing is connected yet."""
    parse = partial(entry_change, epoch=settings.valkey_epoch)
    return MemoryProjection(open_memory_tier(settings, settings.region), parse)
