"""Typed rows as versions of records: identifier, event key, write time and packed values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.event_time import event_time_nanos
from larder.groups.feature_group import FeatureGroup, FeatureType
from larder.ingestion.adapters.event_times import event_key, event_keys
from larder.ingestion.adapters.packing import Packer
from larder.offline.feature_table import write_time_doubt
from larder.records.record import RecordVersion, Slot, State
from larder.records.values import slot_of

Arrow = Any  # pyarrow is untyped


@dataclass(slots=True)
class VersionRows:
    """Makes versions of a group.

    ``recorded`` says that the rows are in the offline store; else the versions are for the online
    store alone. A keyed table has the columns ``identifier``, ``high``, ``low``, ``written`` and
    ``packed``. ``identifier`` is the text that tells records apart; ``high`` and ``low`` are of
    ``event_times.event_keys``.
    """

    group: FeatureGroup
    recorded: bool
    _packer: Packer = field(default_factory=Packer)

    def keyed(self, rows: Arrow, written: Arrow, packed: Arrow | None = None) -> Arrow:
        """Rows with a column ``f<ordinal>`` per feature as a keyed table.

        Where nothing ``packed`` is given the values are packed from the typed columns.
        """
        group = self.group
        columns = [rows.column(f"f{n}").combine_chunks() for n in range(len(group.features))]
        ordinal = group.ordinals[group.record_identifier_name]
        identifier = columns[ordinal]
        if group.features[ordinal].type is not FeatureType.STRING:
            identifier = self._packer.texts(identifier)
        high, low = event_keys(columns[group.ordinals[group.event_time_name]])
        values = self._packer.pack(columns) if packed is None else packed
        names = ["identifier", "high", "low", "written", "packed"]
        return pa.table([identifier, high, low, written, values], names=names)

    def latest(self, batch: Arrow) -> Arrow:
        """A batch that ``larder.as_of.latest`` gave, as a keyed table."""
        table = pa.Table.from_batches([batch])
        text = table.column("written").combine_chunks()
        seconds = pc.utf8_slice_codeunits(text, 0, 19).cast(pa.timestamp("s")).cast(pa.int64())
        micros = pc.divide(pc.utf8_slice_codeunits(text, 19, 28).cast(pa.int64()), 1000)
        return self.keyed(table, pc.add(pc.multiply(seconds, 1_000_000), micros))

    @property
    def doubt(self) -> int:
        """By how many microseconds a write time in the history may be too late.

        A version must not seem to be accepted after a deletion that came after it.
        """
        return write_time_doubt(self.group)

    def versions(
        self, keyed: Arrow, *, invocation_time: int | None = None
    ) -> Iterator[tuple[Slot, RecordVersion]]:
        """The versions in a keyed table or batch.

        ``invocation_time`` is that of all; by default each version's own write time, less
        the ``doubt`` about it.
        """
        group, doubt = self.group, self.doubt
        kind, ttl = group.event_time_type, group.online.ttl if group.online else None
        columns = (column.to_pylist() for column in keyed.columns)
        for identifier, high, low, written, packed in zip(*columns, strict=True):
            key = event_key(high, low)
            yield (
                slot_of(group, identifier),
                RecordVersion(
                    identifier=identifier,
                    event_key=key,
                    write_time=written,
                    invocation_time=written - doubt if invocation_time is None else invocation_time,
                    state=State.LIVE,
                    packed=packed,
                    schema_version=group.schema_version,
                    expires_at=event_time_nanos(key, kind) + ttl.nanos if ttl else None,
                    offline=self.recorded,
                    recorded=self.recorded,
                ),
            )
