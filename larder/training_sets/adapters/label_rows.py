"""Label rows as they are joined: checked, numbered, with the columns that SQL compares.

* ``larder_row``: 0, 1, 2 … in the order given, so that duplicates stay apart
* ``larder_at``: the label's time as text that sorts; ``larder_seconds`` as a double, where needed
* ``larder_key_<n>``: the record identifier that join n looks up
* ``larder_from_<n>``: where the look-back of join n begins
* ``c0``, ``c1`` …: the columns that were given, under names that no catalog can object to
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from larder.column_names import check_names
from larder.errors import ValidationError
from larder.event_time import EventTimeType
from larder.tabular.batches import Batch, legible
from larder.tabular.columns import plain_type, stored, stored_type
from larder.training_sets.adapters.label_keys import KEY_TYPES, identifiers
from larder.training_sets.adapters.label_times import (
    doubles,
    doubles_before,
    instants,
    sortable,
    sortable_before,
)
from larder.training_sets.label_columns import LabelKey, require_column

Arrow = Any  # pyarrow is untyped


@dataclass(slots=True)
class LabelRows:
    """Turns batches of labels into rows to store, and remembers what they were.

    ``first`` and ``last`` are the earliest and the latest label time so far, in nanoseconds.

    Raises:
        ValidationError: the columns can't be labels.
    """

    given: Arrow
    event_time: str
    keys: Sequence[LabelKey]
    time_zone: str | None = None
    rows: int = 0
    first: int = 0
    last: int = 0
    plain: Arrow = field(init=False)
    schema: Arrow = field(init=False)

    def __post_init__(self) -> None:
        """Check the columns before any row is read."""
        names = self.given.names
        check_names(names, what="label columns")
        require_column(self.event_time, names, purpose="the labels' event time")
        for key in self.keys:
            purpose = f"the key of feature group {key.group}"
            require_column(key.column, names, purpose=purpose)
        self.plain = pa.schema([(each.name, plain_type(each.type)) for each in self.given])
        self.schema = pa.schema([*self._own_fields(), *self._carried_fields()])

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Stored name and given name of each column, in order."""
        return tuple((f"c{place}", each.name) for place, each in enumerate(self.plain))

    def convert(self, given: Batch) -> Arrow:
        """The rows of the next batch.

        Raises:
            ValidationError: a row can't be read, a time is missing, a time or key can't be one; row
                (in its file), column and cure are named.
        """
        given = legible(given, self.plain.names)
        _require_read(given)
        batch, first = given.rows.cast(self.plain), given.start
        column = batch.column(batch.schema.get_field_index(self.event_time))
        nanos = instants(column, self.event_time, self.time_zone, first)
        self._span(nanos)
        values = {"larder_at": sortable(nanos)}
        if self._has_doubles:
            values["larder_seconds"] = doubles(nanos)
        for key in self.keys:
            place = batch.schema.get_field_index(key.column)
            values[f"larder_key_{key.number}"] = identifiers(batch.column(place), key)
            if key.look_back is not None:
                values[f"larder_from_{key.number}"] = _from(key, key.look_back, nanos)
        values["larder_row"] = pa.array(range(self.rows, self.rows + len(batch)), pa.int64())
        for place, each in enumerate(self.plain):
            values[f"c{place}"] = stored(batch.column(place), each.type, each.name)
        self.rows += len(batch)
        return pa.RecordBatch.from_arrays(
            [values[n] for n in self.schema.names], schema=self.schema
        )

    @property
    def _has_doubles(self) -> bool:
        return any(key.event_time_type is EventTimeType.FRACTIONAL for key in self.keys)

    def _own_fields(self) -> list[tuple[str, Arrow]]:
        fields = [("larder_row", pa.int64()), ("larder_at", pa.string())]
        if self._has_doubles:
            fields.append(("larder_seconds", pa.float64()))
        for key in self.keys:
            fields.append((f"larder_key_{key.number}", KEY_TYPES[key.identifier.type]))
            if key.look_back is not None:
                text = key.event_time_type is EventTimeType.STRING
                kind = pa.string() if text else pa.float64()
                fields.append((f"larder_from_{key.number}", kind))
        return fields

    def _carried_fields(self) -> list[tuple[str, Arrow]]:
        return [
            (f"c{place}", stored_type(each.type, each.name))
            for place, each in enumerate(self.plain)
        ]

    def _span(self, nanos: Arrow) -> None:
        values = nanos.to_numpy(zero_copy_only=False)
        if not len(values):
            return
        least, greatest = int(values.min()), int(values.max())
        self.first = min(self.first, least) if self.rows else least
        self.last = max(self.last, greatest) if self.rows else greatest


def _require_read(given: Batch) -> None:
    for odd in given.unread:
        what = f"label column {odd.column!r}, " if odd.column else ""
        raise ValidationError(f"{what}row {odd.row}: {odd.reason}: {odd.text[:80]!r}; {odd.cure}")


def _from(key: LabelKey, look_back: int, nanos: Arrow) -> Arrow:
    text = key.event_time_type is EventTimeType.STRING
    return sortable_before(nanos, look_back) if text else doubles_before(nanos, look_back)
