"""Rows as given, turned into rows of a group: typed, checked as PutRecord checks, or rejected.

Columns are judged whole where that is plain (``columns``). The rows that are left are put through
the very functions that a PutRecord goes through. So they are taken, or refused with the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.ingestion.adapters.columns import Column, column_type, convert
from larder.ingestion.adapters.event_times import is_event_time
from larder.ingestion.adapters.given import check_identifier, check_type, moments, plain_column
from larder.ingestion.adapters.packing import Packer
from larder.ingestion.columns import feature_columns
from larder.ingestion.cures import fault
from larder.ingestion.ports import Reject
from larder.offline.rows import Due, OfflineRow, row_of
from larder.records.record import MAX_IDENTIFIER_BYTES, MAX_RECORD_BYTES
from larder.records.values import checked_features, complete
from larder.records.versions import Stamp, live_version
from larder.tabular.batches import Batch, legible
from larder.tabular.zones import zone_of

Arrow = Any  # pyarrow is untyped
ROW, PACKED = "larder_row", "larder_packed"
_NUMBER_BYTES = 24


@dataclass(slots=True)
class BulkRows:
    """Converts batches of a source. ``packs`` asks for packed values too, for the online store.

    A converted table has a column per feature, named ``f<ordinal>``. Then come the number of the
    row in the source and, if asked for, the packed values.

    Raises:
        ValidationError: the columns can't be those of the group.
    """

    group: FeatureGroup
    given: Arrow
    renamed: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    packs: bool = False
    rows: int = 0
    _columns: dict[int, str] = field(init=False)
    _packer: Packer = field(default_factory=Packer)
    schema: Arrow = field(init=False)

    def __post_init__(self) -> None:
        """Check the columns before any row is read; without a column there is no row either."""
        if self.time_zone is not None:
            zone_of(self.time_zone)
        self._columns = {}
        if self.given.names:
            self._columns = feature_columns(self.group, self.given.names, self.renamed)
        for ordinal, column in self._columns.items():
            feature, kind = self.group.features[ordinal], self.given.field(column).type
            check_type(feature, column, kind, self.time_zone)
            if feature.name == self.group.record_identifier_name:
                check_identifier(feature, column, kind)
        fields = [(f"f{n}", column_type(each)) for n, each in enumerate(self.group.features)]
        packed = [(PACKED, pa.binary())] if self.packs else []
        self.schema = pa.schema([*fields, (ROW, pa.int64()), *packed])

    def convert(self, batch: Batch) -> tuple[Arrow, list[Reject]]:
        """The rows of the next batch that are taken, in order, and those that are not."""
        offset = self.rows - batch.start
        self.rows += batch.count
        batch = legible(batch, self._columns.values())
        plain = self._plain(batch.rows)
        columns = [self._column(ordinal, plain, len(batch.rows)) for ordinal in self._ordinals]
        sure = self._sure(columns, len(batch.rows))
        numbers = batch.numbers()
        rows = pc.add(pa.array(numbers, pa.int64()), pa.scalar(offset, pa.int64()))
        taken = self._table(columns, rows, sure)
        rejects = [
            Reject(
                offset + each.row, each.reason, {"line": each.text}, each.cure, each.column,
                each.text, batch.file, each.row,
            )
            for each in batch.unread
        ]  # fmt: skip
        if len(taken) == len(batch.rows):
            return taken, rejects
        doubtful = pc.indices_nonzero(pc.invert(sure)).to_pylist()
        others, refused = self._one_by_one(plain, doubtful, numbers, offset)
        rejects += [replace(each, file=batch.file) for each in refused]
        taken = pa.concat_tables([taken, others]).sort_by(ROW)
        return taken, sorted(rejects, key=lambda each: each.row)

    def _plain(self, rows: Arrow) -> dict[int, Arrow]:
        """The features' columns in their plain kinds, by ordinal."""
        found, moment = {}, self.group.ordinals[self.group.event_time_name]
        for ordinal, column in self._columns.items():
            convert_column = moments if ordinal == moment else plain_column
            feature = self.group.features[ordinal]
            found[ordinal] = convert_column(feature, column, rows.column(column), self.time_zone)
        return found

    @property
    def _ordinals(self) -> range:
        return range(len(self.group.features))

    def _column(self, ordinal: int, plain: Mapping[int, Arrow], length: int) -> Column:
        feature = self.group.features[ordinal]
        if ordinal in plain:
            return convert(feature, plain[ordinal], self._packer)
        absent = pa.nulls(length, column_type(feature))
        return Column(absent, absent, pa.repeat(True, length))

    def _sure(self, columns: Sequence[Column], length: int) -> Arrow:
        """Rows that PutRecord would surely take."""
        group = self.group
        identifier = columns[group.ordinals[group.record_identifier_name]]
        event_time = columns[group.ordinals[group.event_time_name]].typed
        sure = pc.and_(pc.is_valid(identifier.typed), is_event_time(event_time))
        if pa.types.is_string(identifier.sent.type):
            size = pc.fill_null(pc.binary_length(identifier.sent), 0)
            within = pc.and_(pc.greater(size, 0), pc.less_equal(size, MAX_IDENTIFIER_BYTES))
            sure = pc.and_(sure, within)
        for column in columns:
            sure = pc.and_(sure, column.sure)
        return pc.and_(sure, _is_small(columns, length))

    def _table(self, columns: Sequence[Column], numbers: Arrow, sure: Arrow) -> Arrow:
        arrays = [column.typed for column in columns]
        ordinal = self.group.ordinals[self.group.record_identifier_name]
        if pa.types.is_floating(arrays[ordinal].type):
            arrays[ordinal] = pc.add(arrays[ordinal], 0.0)  # -0.0 is 0.0
        table = pa.table([*arrays, numbers], names=self.schema.names[: len(arrays) + 1])
        table = table.filter(sure)
        if self.packs:
            sent = [column.sent.filter(sure) for column in columns]
            table = table.append_column(PACKED, self._packer.pack(sent))
        return table.cast(self.schema)

    def _one_by_one(
        self, plain: Mapping[int, Arrow], places: Sequence[int], numbers: Sequence[int], offset: int
    ) -> tuple[Arrow, list[Reject]]:
        chosen = {ordinal: column.take(places).to_pylist() for ordinal, column in plain.items()}
        rows: list[tuple[OfflineRow, int, bytes]] = []
        rejects: list[Reject] = []
        for place_chosen, place in enumerate(places):
            values = {
                ordinal: text_of(column[place_chosen])
                for ordinal, column in chosen.items()
                if column[place_chosen] is not None
            }
            number = numbers[place]
            try:
                row, packed = _checked(self.group, self._record(values.items()))
            except ValidationError as error:
                rejects.append(self._reject(values, error, number, offset))
            else:
                rows.append((row, offset + number, packed))
        return self._of_rows(rows), rejects

    def _record(self, values: Iterable[tuple[int, object]]) -> list[tuple[str, object]]:
        return [(self.group.features[ordinal].name, value) for ordinal, value in values]

    def _reject(
        self, values: Mapping[int, object], error: ValidationError, number: int, offset: int
    ) -> Reject:
        found = fault(self.group, values, error, self.time_zone)
        ordinal = -1 if found.ordinal is None else found.ordinal
        return Reject(
            row=offset + number,
            reason=found.reason,
            record=dict(self._record(values.items())),
            cure=found.cure,
            column=self._columns.get(ordinal, ""),
            value=values.get(ordinal),
            number=number,
        )

    def _of_rows(self, rows: Sequence[tuple[OfflineRow, int, bytes]]) -> Arrow:
        arrays = []
        for ordinal in self._ordinals:
            cells = [
                row.values[ordinal] if ordinal < len(row.values) else None for row, _, _ in rows
            ]
            arrays.append(pa.array(cells, self.schema.field(ordinal).type))
        arrays.append(pa.array([number for _, number, _ in rows], pa.int64()))
        if self.packs:
            arrays.append(pa.array([packed for _, _, packed in rows], pa.binary()))
        return pa.Table.from_arrays(arrays, schema=self.schema)


def text_of(value: object) -> object:
    """A value as PutRecord is sent it: a text, or a list of texts."""
    if isinstance(value, list):
        return [text_of(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return str(value) if isinstance(value, int) else value


def _checked(group: FeatureGroup, record: Sequence[tuple[str, object]]) -> tuple[OfflineRow, bytes]:
    values = complete(group, checked_features(group, record))
    stamp = Stamp(invocation_time=0, write_time=0)
    _, version = live_version(group, values, stamp=stamp, ttl=None, targets=group.stores)
    return row_of(Due(version), group), version.packed


def _is_small(columns: Sequence[Column], length: int) -> Arrow:
    """Rows that are far from the limits of size, names and escapes included."""
    size = pa.repeat(0, length).cast(pa.int64())
    for column in columns:
        size = pc.add(size, _bytes(column.sent))
    return pc.less(size, MAX_RECORD_BYTES // 8)


def _bytes(sent: Arrow) -> Arrow:
    """What a column's values take at most, about."""
    kind = sent.type
    if pa.types.is_string(kind):
        return pc.coalesce(pc.binary_length(sent).cast(pa.int64()), 0)
    if not pa.types.is_list(kind):
        return pa.scalar(_NUMBER_BYTES, pa.int64())
    lengths = pc.coalesce(pc.list_value_length(sent).cast(pa.int64()), 0)
    if not pa.types.is_string(kind.value_type):
        return pc.multiply(lengths, _NUMBER_BYTES)
    joined = pc.binary_length(pc.binary_join(sent, "")).cast(pa.int64())
    return pc.add(pc.coalesce(joined, 0), pc.multiply(lengths, 4))
