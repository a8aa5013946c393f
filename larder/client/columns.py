"""Many records by columns: NumPy arrays or an Arrow table, typed by the group's definitions.

What is missing is never a zero: Arrow has null; NumPy has NaN for Fractional, a masked array for
Integral (whose masked places hold the least 64-bit number, should the mask be dropped), and
``None`` for texts and collections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.records.feature_values import Typed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_LEAST = -(2**63)


@dataclass(frozen=True, slots=True)
class Columns:
    """Features of records, row by row as their identifiers were asked for.

    ``records`` has ``None`` where there is no record.
    """

    features: Sequence[FeatureDefinition]
    records: Sequence[Mapping[str, Typed] | None]

    def to_numpy(self) -> dict[str, np.ndarray[Any, Any]]:
        """An array by feature name."""
        return {feature.name: _array(feature, self._cells(feature)) for feature in self.features}

    def to_arrow(self) -> pa.Table:
        """A table with a column for each feature; a Vector's is of lists of its dimension."""
        import pyarrow as pa  # noqa: PLC0415 - whoever wants dictionaries need not have it

        schema = pa.schema([(feature.name, _arrow_type(feature)) for feature in self.features])
        cells = [self._cells(feature) for feature in self.features]
        arrays = [pa.array(cell, kind) for cell, kind in zip(cells, schema.types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _cells(self, feature: FeatureDefinition) -> list[Typed | None]:
        name = feature.name
        return [None if record is None else record.get(name) for record in self.records]


def _array(feature: FeatureDefinition, cells: Sequence[Any]) -> np.ndarray[Any, Any]:
    import numpy as np  # noqa: PLC0415 - as pyarrow

    if feature.collection is None and feature.type is FeatureType.FRACTIONAL:
        return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    if feature.collection is None and feature.type is FeatureType.INTEGRAL:
        data = np.array([_LEAST if cell is None else cell for cell in cells], dtype=np.int64)
        mask = [cell is None for cell in cells]
        return np.ma.MaskedArray(data, mask=mask, fill_value=_LEAST)
    column = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):  # one by one, or lists would become a second dimension
        column[place] = cell
    return column


def _arrow_type(feature: FeatureDefinition) -> pa.DataType:
    import pyarrow as pa  # noqa: PLC0415

    scalar = {
        FeatureType.INTEGRAL: pa.int64(),
        FeatureType.FRACTIONAL: pa.float64(),
        FeatureType.STRING: pa.string(),
    }[feature.type]
    if feature.collection is None:
        return scalar
    if feature.collection is CollectionType.VECTOR and feature.dimension is not None:
        return pa.list_(scalar, feature.dimension)
    return pa.list_(scalar)
