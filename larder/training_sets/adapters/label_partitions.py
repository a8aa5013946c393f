"""Label columns by which a result is laid out in folders: few values, each fit for a folder's name.

Athena writes 100 partitions by one UNLOAD at most (its user guide, "UNLOAD"). A folder's name tells
neither null from an empty text nor one float from another. So such columns are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError
from larder.training_sets.adapters.label_rows import LabelRows
from larder.training_sets.label_columns import require_column

Arrow = Any  # pyarrow is untyped
_MOST = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TYPES = (pa.string(), pa.int64(), pa.bool_(), pa.date32())


class PartitionValues:
    """Watches the values of the columns a result is to be partitioned by.

    Raises:
        ValidationError: a column is missing, named twice, or of a kind that folders can't name.
    """

    def __init__(self, rows: LabelRows, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._seen: set[tuple[object, ...]] = set()
        stored = {given: column for column, given in rows.columns}
        for name in self._names:
            require_column(name, stored, purpose="a column to partition the result by")
        self._columns = [stored[name] for name in self._names]
        if len(set(self._names)) < len(self._names):
            raise ValidationError(f"a column to partition by is named twice: {list(self._names)}")
        if len(self._names) == len(stored):
            raise ValidationError(
                "one label column at least must stay in the files, not in folders"
            )
        for name, column in zip(self._names, self._columns, strict=True):
            kind = rows.schema.field(column).type
            if _NAME.fullmatch(name) is None or kind not in _TYPES:
                raise ValidationError(
                    f"the result can't be partitioned by {name!r} ({kind}): take a label column of "
                    "texts, whole numbers, booleans or dates whose name is letters, digits and _"
                )

    def see(self, batch: Arrow) -> None:
        """Take in the next stored rows.

        Raises:
            ValidationError: a value is missing or empty, or there are too many.
        """
        if not self._names:
            return
        groups = pa.Table.from_batches([batch]).group_by(self._columns).aggregate([])
        for row in groups.to_pylist():
            values = tuple(row[column] for column in self._columns)
            for name, value in zip(self._names, values, strict=True):
                if value is None or value == "":
                    raise ValidationError(
                        f"label column {name!r} has rows without a value, which no folder's name "
                        "can say: fill them, or partition by another column"
                    )
            self._seen.add(values)
        if len(self._seen) > _MOST:
            raise ValidationError(
                f"partitioning by {', '.join(self._names)} gives more than {_MOST} folders, "
                "which is all that Athena writes at once: take columns of fewer values"
            )
