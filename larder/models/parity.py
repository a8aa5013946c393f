"""Rows with the scores that a model gave where it was trained, which its file must give here.

``larder/parity.json`` in the model's data: ``{"inputs": [[1.5, null], …], "outputs": [0.25, …]}``.
A ``null`` is a missing value. A converter may err for some rows without an error: a random forest
of skl2onnx differs by up to 0.58 where values are missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from larder.errors import ValidationError
from larder.models.ports import LoadedModel, Matrix
from larder.models.served import Cell

PARITY_FILE: Final = "larder/parity.json"
MAX_BYTES: Final = 16 * 2**20
MIN_ROWS: Final = 100
TOLERANCE: Final = 1e-5
"""Of a score up to 1; of a greater one, this share of it: a float32 has seven digits."""
_MOST_ROWS: Final = 10_000
_BATCH: Final = 1_000
_CURE: Final = (
    "Convert the model again from the one that gave these scores, or train it without missing "
    "values and leave them out of the file."
)


@dataclass(frozen=True, slots=True)
class Parity:
    """What was proven: the number of rows, and the columns that lacked a value in one of them."""

    rows: int
    missing: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Rows:
    inputs: list[list[Cell]]
    outputs: list[list[float]]


def proven(text: bytes, model: LoadedModel) -> Parity:
    """The model, asked for every row of the file.

    Raises:
        ValidationError: the file is malformed, or a score differs by more than the tolerance.
        ModelError: the library refused a row.
    """
    given = _parsed(text, model)
    wrong: list[str] = []
    count = 0
    for first in range(0, len(given.inputs), _BATCH):
        rows = given.inputs[first : first + _BATCH]
        found = model.predict(Matrix.of_rows(rows, model.width))
        for place in range(len(rows)):
            row = first + place
            problem = _difference(row, given.outputs[row], found.of_row(place))
            count += problem is not None
            wrong += [problem] if problem and not wrong else []
    if count:
        raise ValidationError(
            f"{PARITY_FILE}: the model does not score here as the file says, in {count} of "
            f"{len(given.inputs)} rows. {wrong[0]} {_CURE}"
        )
    missing = {
        column
        for row in given.inputs
        for column, cell in enumerate(row)
        if not isinstance(cell, str) and math.isnan(cell)
    }
    return Parity(len(given.inputs), frozenset(missing))


def check_nan_safe(parity: Parity | None, numbers: Sequence[int]) -> None:
    """Nothing where a parity file lacked a value in each of the columns that take numbers.

    Raises:
        ValidationError: there is no such file, or it says nothing about some column.
    """
    cure = 'or leave "nan_safe" out and give the inputs a policy "fail" or {"default": value}.'
    if parity is None:
        raise ValidationError(
            f'"nan_safe" of an ONNX model needs its proof: put {PARITY_FILE} beside the '
            f"specification, with {MIN_ROWS} rows or more of which some are null in each column, "
            f"{cure}"
        )
    unproven = [column for column in numbers if column not in parity.missing]
    if unproven:
        raise ValidationError(
            f'{PARITY_FILE} has no row with null in the columns {unproven[:20]}, and "nan_safe" '
            f"says that each may be missing: add such rows, {cure}"
        )


def _difference(row: int, wanted: Sequence[float], found: Sequence[float]) -> str | None:
    if len(wanted) != len(found):
        return f"Row {row} has {len(wanted)} scores, and the model gives {len(found)}."
    for place, (said, scored) in enumerate(zip(wanted, found, strict=True)):
        if math.isnan(said) and math.isnan(scored):
            continue
        difference = abs(said - scored)
        if not difference <= TOLERANCE * max(1.0, abs(said)):  # a NaN of one alone differs
            return (
                f"Row {row}, score {place}: {said!r} in the file, {scored!r} here, a difference of "
                f"{difference:.3g}; allowed is {TOLERANCE:g} of a score up to 1, and that share of "
                "a greater one."
            )
    return None


def _parsed(text: bytes, model: LoadedModel) -> _Rows:
    if len(text) > MAX_BYTES:
        raise ValidationError(
            f"{PARITY_FILE} has {len(text)} bytes: at most {MAX_BYTES} are read. Keep fewer rows."
        )
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValidationError(
            f"{PARITY_FILE} is not valid JSON ({error}); write a missing value as null."
        ) from error
    problem = next(_problems(document, model), None)
    if problem is not None:
        raise ValidationError(f"{PARITY_FILE}: {problem}")
    return _Rows(
        [[math.nan if cell is None else cell for cell in row] for row in document["inputs"]],
        [_scores(each) for each in document["outputs"]],
    )


def _scores(given: Any) -> list[float]:  # noqa: ANN401 - checked by _problems
    listed = given if isinstance(given, list) else [given]
    return [math.nan if each is None else float(each) for each in listed]


def _problems(document: object, model: LoadedModel) -> Iterator[str]:
    if not isinstance(document, dict) or set(document) != {"inputs", "outputs"}:
        yield 'it must be an object of "inputs" and "outputs", and nothing else.'
        return
    inputs, outputs = document["inputs"], document["outputs"]
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        yield '"inputs" and "outputs" must be lists: a row and its score at the same place.'
        return
    if len(inputs) != len(outputs) or not MIN_ROWS <= len(inputs) <= _MOST_ROWS:
        yield (
            f"it has {len(inputs)} inputs and {len(outputs)} outputs: give as many of both, from "
            f"{MIN_ROWS} to {_MOST_ROWS}."
        )
        return
    for row, cells in enumerate(inputs):
        if not isinstance(cells, list) or len(cells) != model.width:
            yield f"row {row} of inputs must be a list of {model.width} values, as the model takes."
            return
        for column, cell in enumerate(cells):
            if not _fits(cell, is_text=column in model.texts):
                kind = "a text" if column in model.texts else "a number or null"
                yield f"row {row}, column {column} of inputs must be {kind}."
    for row, scores in enumerate(outputs):
        listed = scores if isinstance(scores, list) else [scores]
        if not listed or not all(_fits(each, is_text=False) for each in listed):
            yield f"row {row} of outputs must be a number or null, or a list of them."


def _fits(cell: object, *, is_text: bool) -> bool:
    if is_text:
        return isinstance(cell, str)
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))
