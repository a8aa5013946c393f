"""Versions as changes of the records table, as a Lambda event carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from larder.aws.dynamodb.binary import as_event
from larder.offline.redrive import as_change
from larder.records.adapters.dynamodb_item import record_key, to_attributes
from larder.records.ports import Write


def stream_changes(writes: Sequence[Write]) -> Sequence[Mapping[str, Any]]:
    """The change of each version; implements ``larder.reconciliation.ports.StreamChanges``."""
    return [
        as_change(
            as_event(
                record_key(slot) | to_attributes(version, now_nanos=version.write_time * 1000)
            ),
            number,
        )
        for number, (slot, version) in enumerate(writes)
    ]
