"""Record identifiers of label rows as Arrow columns, in the type of the group's own column."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureType
from larder.training_sets.label_columns import LabelKey

Array = Any  # pyarrow is untyped
KEY_TYPES = {
    FeatureType.STRING: pa.string(),
    FeatureType.INTEGRAL: pa.int64(),
    FeatureType.FRACTIONAL: pa.float64(),
}


def identifiers(column: Array, key: LabelKey) -> Array:
    """The column's values as identifiers of the group's records.

    Whole numbers are taken as texts and texts as numbers where the identifier is such. ``7`` and
    ``"7"`` are sent alike. Null and NaN are no identifier: such a row finds none.

    Raises:
        ValidationError: a key can't be an identifier of the group.
    """
    wanted, kind = key.identifier.type, column.type
    whole = pa.types.is_integer(kind)
    fits = pa.types.is_string(kind) or whole
    if not fits and not (wanted is not FeatureType.STRING and pa.types.is_floating(kind)):
        raise _unfit(key, str(kind), "give a column of that type")
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
    try:
        values = column.cast(KEY_TYPES[wanted])
    except pa.ArrowInvalid as error:
        raise _unfit(key, str(error), "correct those values") from error
    if wanted is not FeatureType.FRACTIONAL:
        return values
    if pc.all(pc.is_finite(values)).as_py() is False:
        raise _unfit(key, "a value is not finite", "correct those values")
    return pc.add(values, 0.0)  # -0.0 is 0.0


def _unfit(key: LabelKey, problem: str, cure: str) -> ValidationError:
    return ValidationError(
        f"label column {key.column!r} can't be the key of feature group {key.group}, whose record "
        f"identifier {key.identifier.name!r} is {key.identifier.type}: {problem}; {cure}"
    )
