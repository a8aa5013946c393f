"""Python's values as Arrow columns; where Arrow has no type for all of them, as texts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from numbers import Integral, Real
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError

Arrow = Any  # pyarrow is untyped
_EXACT = 2**53
_NO_VALUE = frozenset({"NAType", "NaTType", "MaskedConstant"})
UNFIT = (pa.ArrowException, OverflowError, TypeError, ValueError)


def column_of(values: Any) -> Arrow:  # noqa: ANN401 - a list, an array, a series
    """A column of any values. What is missing is null: None, NaN, NaT, NA, masked.

    Where the values have several types, or one is beyond Arrow's, each becomes its text; a list
    becomes a list of texts where all are lists.

    Raises:
        ValidationError: there are bytes that are no text.
    """
    try:
        return exact_column(values)
    except UNFIT:
        pass
    known = [None if is_missing(value) else plain(value) for value in values]
    if any(isinstance(value, list) for value in known) and all(
        value is None or isinstance(value, list) for value in known
    ):
        return pa.array([_texts(value) for value in known], pa.list_(pa.string()))
    return pa.array([None if value is None else text_of(value) for value in known], pa.string())


def is_missing(value: object) -> bool:
    """Whether a cell of a frame has no value."""
    if value is None or type(value).__name__ in _NO_VALUE:
        return True
    if isinstance(value, Real | datetime):
        return bool(value != value)  # noqa: PLR0124 - NaN equals nothing
    return False


def plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any library
    """NumPy's values as Python's, and whatever holds several as a list."""
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return value


def text_of(value: Any) -> str:  # noqa: ANN401 - a cell of any library
    """A value as PutRecord is sent it.

    Raises:
        ValidationError: bytes are no text.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, date):
        return _moment(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=text_of, separators=(",", ":"))
    return _decoded(value) if isinstance(value, bytes | bytearray) else str(value)


def _moment(value: date) -> str:
    """A date or time as ISO-8601, in UTC where it has a zone."""
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return f"{value.astimezone(UTC).isoformat()[:-6]}Z"
    return value.isoformat()


def exact_column(values: Any) -> Arrow:  # noqa: ANN401 - a list, an array, a series
    """A column in Arrow's own type, if that loses nothing.

    Raises:
        one of ``UNFIT``: the values have several types, or digits that no type keeps.
    """
    found = pa.array(values, from_pandas=True)
    if str(getattr(values, "dtype", "object")) != "object":
        return found
    if pa.types.is_struct(found.type) or pa.types.is_map(found.type):
        raise pa.ArrowInvalid("objects are given as their JSON")
    if pa.types.is_floating(found.type) and any(map(_is_long, values)):
        raise pa.ArrowInvalid("a whole number has more digits than a double")
    if pa.types.is_timestamp(found.type) and len(set(map(_is_aware, values)) - {None}) > 1:
        raise pa.ArrowInvalid("some times have a zone and others have none")
    return found


def _is_long(value: object) -> bool:
    return isinstance(value, Integral) and abs(int(value)) >= _EXACT


def _is_aware(value: object) -> bool | None:
    if is_missing(value) or not isinstance(value, datetime):
        return None
    return value.utcoffset() is not None


def _texts(value: Iterable[Any] | None) -> list[str | None] | None:
    if value is None:
        return None
    return [None if is_missing(each) else text_of(plain(each)) for each in value]


def _decoded(value: bytes | bytearray) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise ValidationError(
            f"a cell holds bytes that are no text in UTF-8 ({bytes(value)[:20]!r}): decode them"
        ) from error
