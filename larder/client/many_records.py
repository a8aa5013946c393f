"""Many records at once: a list, and columns for NumPy, Arrow, pandas or Polars.

Columns have the types of the group's definitions. A missing value is never a zero: Arrow and Polars
have null; pandas has NA, and NaN for Fractional. NumPy has NaN for Fractional and a masked array
for Integral. Its masked places hold the least 64-bit number, should the mask be dropped. Texts and
collections are ``None``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from larder.client.html import table
from larder.client.record import Record
from larder.extras import needs
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureGroup,
    FeatureType,
)
from larder.records.feature_values import Typed
from larder.records.values import ordinals_in_use, ordinals_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_LEAST = -(2**63)


class Records(list[Record | None]):
    """Records of one group, in the order in which they were asked for.

    ``None`` is where there is no record. ``features`` are the columns: those asked for, or all.
    """

    __slots__ = ("_asked", "group")

    def __init__(
        self, records: Iterable[Record | None], group: FeatureGroup, asked: Sequence[str] | None
    ) -> None:
        super().__init__(records)
        self.group = group
        self._asked = asked

    @property
    def features(self) -> list[FeatureDefinition]:
        """The definitions of the columns."""
        group = self.group
        if self._asked is not None:
            ordinals: Sequence[int] = ordinals_of(group, self._asked)
        else:
            ordinals = ordinals_in_use(group) or range(len(group.features))
        return [group.features[ordinal] for ordinal in ordinals]

    def to_numpy(self) -> dict[str, np.ndarray[Any, Any]]:
        """An array by feature name."""
        with needs("numpy", "to_numpy"):
            import numpy  # noqa: PLC0415, F401 - optional
        return {feature.name: _array(feature, self._cells(feature)) for feature in self.features}

    def to_arrow(self) -> pa.Table:
        """A table with a column for each feature; a Vector's is of lists of its dimension."""
        with needs("arrow", "to_arrow"):
            import pyarrow as pa  # noqa: PLC0415 - optional
        features = self.features
        schema = pa.schema([(feature.name, _arrow_type(feature)) for feature in features])
        cells = [self._cells(feature) for feature in features]
        arrays = [pa.array(cell, kind) for cell, kind in zip(cells, schema.types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def to_pandas(self) -> pd.DataFrame:
        """A frame of the dtypes Int64, float64, string, and object for collections."""
        with needs("pandas", "to_pandas"):
            import pandas as pd  # noqa: PLC0415 - optional
        columns = {
            feature.name: pd.Series(self._cells(feature), dtype=_pandas_type(feature))
            for feature in self.features
        }
        return pd.DataFrame(columns)

    def to_polars(self) -> pl.DataFrame:
        """A frame of the types Int64, Float64, String, List, and Array for a Vector."""
        with needs("polars", "to_polars"):
            import polars as pl  # noqa: PLC0415 - optional
        features = self.features
        cells = {feature.name: self._cells(feature) for feature in features}
        return pl.DataFrame(cells, schema={each.name: _polars_type(each) for each in features})

    def _repr_html_(self) -> str:
        names = [feature.name for feature in self.features]
        rows = [[None if each is None else each.get(name) for name in names] for each in self]
        return table(f"{len(self):,} records of {self.group.name}", names, rows)

    def _cells(self, feature: FeatureDefinition) -> list[Typed | None]:
        name = feature.name
        return [None if record is None else record.get(name) for record in self]


def _array(feature: FeatureDefinition, cells: Sequence[Any]) -> np.ndarray[Any, Any]:
    import numpy as np  # noqa: PLC0415 - optional

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
    import pyarrow as pa  # noqa: PLC0415 - optional

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


def _pandas_type(feature: FeatureDefinition) -> str:
    if feature.collection is not None:
        return "object"
    return {
        FeatureType.INTEGRAL: "Int64",
        FeatureType.FRACTIONAL: "float64",
        FeatureType.STRING: "string",
    }[feature.type]


def _polars_type(feature: FeatureDefinition) -> Any:  # noqa: ANN401 - a class or an instance
    import polars as pl  # noqa: PLC0415 - optional

    scalar = {
        FeatureType.INTEGRAL: pl.Int64,
        FeatureType.FRACTIONAL: pl.Float64,
        FeatureType.STRING: pl.String,
    }[feature.type]
    if feature.collection is None:
        return scalar
    if feature.collection is CollectionType.VECTOR and feature.dimension is not None:
        return pl.Array(scalar, feature.dimension)
    return pl.List(scalar)
