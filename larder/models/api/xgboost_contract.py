"""Requests and responses of SageMaker's built-in XGBoost, byte by byte.

Source: aws/sagemaker-xgboost-container, ``algorithm_mode/serve.py`` and ``serve_utils.py``. Where
Larder differs, it serves what the container refuses: one column, and an Accept of several types.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence

from larder.models.api.media import CSV, JSON, JSON_LINES, Media, accepted
from larder.models.api.selected_output import OUTPUT, selected
from larder.models.errors import ModelError
from larder.models.instances import text_number

ACCEPTS = (JSON, JSON_LINES, "application/x-recordio-protobuf", CSV)
_CSV = frozenset({CSV, "csv"})
_LIBSVM = frozenset({"text/libsvm", "text/x-libsvm", "libsvm", ""})
_TYPES = (
    "csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, "
    "application/x-parquet, application/x-recordio-protobuf"
)
_SNIFFED = 512
_DELIMITERS = ",;\t |:"
_PLAIN = frozenset("0123456789+-.eEnNaAiIfF,")
_MOST_CELLS = 5_000_000
"""Of a libsvm body as a matrix: a few pairs must not become gigabytes."""
_DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
BATCH = "SAGEMAKER_BATCH"
"""The variable that a transform job sets: CSV then has Python's own text of each prediction."""


def read(body: bytes, media: Media, sent: str) -> list[list[float]]:
    """The rows of a body; what is missing is NaN. ``sent`` is the header as it came.

    Raises:
        ModelError: of status 415, for a type that is not served or a body of another form.
    """
    if media.name in _CSV:
        if media.parameters.get("label_size", "1") != "1":
            raise ModelError(
                f"{sent.lower()} is not an accepted csv ContentType. Optional parameter "
                f"label_size must be equal to 1",
                415,
            )
        return _parsed(body, "csv", csv_rows)
    if media.name in _LIBSVM:
        return _parsed(body, "libsvm", libsvm_rows)
    raise ModelError(f"{sent.lower()} is not an accepted ContentType: {_TYPES}.", 415)


def csv_rows(text: str) -> list[list[float]]:
    """The rows of a CSV text, whose delimiter is found from its first line."""
    lines = text.split("\n")
    delimiter = _delimiter(lines[0][:_SNIFFED])
    rows = [[_number(each) for each in line.split(delimiter)] for line in lines]
    width = len(rows[0])
    for place, row in enumerate(rows):
        if len(row) != width:
            raise ValueError(f"line {place + 1} has {len(row)} fields, the first has {width}")
    return rows


def libsvm_rows(text: str) -> list[list[float]]:
    """The rows of a libsvm text; tokens without a colon are labels and are skipped."""
    pairs = [
        [_pair(token) for token in line.split(" ") if ":" in token] for line in text.split("\n")
    ]
    indices = [index for row in pairs for index, _ in row]
    if not indices:
        raise ValueError("there is no index:value pair")
    offset = 1 if min(indices) >= 1 else 0
    width = max(indices) - offset + 1
    if min(indices) < 0 or width * len(pairs) > _MOST_CELLS:
        raise ValueError(
            f"{len(pairs)} rows with indices from {min(indices)} to {max(indices)}: at most "
            f"{_MOST_CELLS} values, from index 0"
        )
    rows = []
    for each in pairs:
        row = [float("nan")] * width
        for index, value in each:
            row[index - offset] = value
        rows.append(row)
    return rows


def write(
    scores: Sequence[float | Sequence[float]],
    accept: str,
    environment: Mapping[str, str],
    objective: str,
) -> tuple[str, str]:
    """The body and its type.

    Raises:
        ModelError: of status 406 where no type of the Accept header is served. Of status 500 where
            the environment selects contents, and the objective has no such choice.
    """
    default = environment.get(_DEFAULT_ACCEPT, CSV)
    media = accepted(accept, ACCEPTS, default)
    if media is None or media not in {CSV, JSON, JSON_LINES}:
        raise ModelError(
            f"Accept type {Media.parse(accept).name} is not supported. Please use supported accept "
            f"types: {list(ACCEPTS)}.",
            406,
        )
    if chosen := environment.get(OUTPUT):
        return selected(scores, chosen, objective, media), media
    if media == CSV:
        line = _batch_line if environment.get(BATCH) else _csv_line
        return "".join(f"{line(score)}\n" for score in scores), media
    entries = [{"score": _json_score(score)} for score in scores]
    if media == JSON:
        return json.dumps({"predictions": entries}), media
    return "".join(f"{json.dumps(entry)}\n" for entry in entries), media


def _parsed(body: bytes, form: str, rows: Callable[[str], list[list[float]]]) -> list[list[float]]:
    try:
        return rows(body.strip().decode())
    except ValueError as error:
        raise ModelError(
            f"Loading {form} data failed with Exception, please ensure data is in {form} format:\n "
            f"{type(error)}\n {str(error)[:400]}",
            415,
        ) from None


def _delimiter(line: str) -> str:
    if _PLAIN.issuperset(line):
        return ","  # what the sniffer finds in nearly all requests, at a hundredth of its time
    try:
        found = csv.Sniffer().sniff(line).delimiter
    except csv.Error:
        return ","
    return found if found in _DELIMITERS else ","


def _number(text: str) -> float:
    if not text:
        return float("nan")
    number = text_number(text)
    if number is None:
        raise ValueError(f"could not convert string to float: {text[:64]!r}")
    return number


def _pair(token: str) -> tuple[int, float]:
    index, value = token.split(":")[:2]
    return int(index), _number(value)


def _csv_line(score: float | Sequence[float]) -> str:
    return str(score) if isinstance(score, float) else ",".join(map(str, score))


def _batch_line(score: float | Sequence[float]) -> str:
    return str(score) if isinstance(score, float) else str(list(score))


def _json_score(score: float | Sequence[float]) -> object:
    return finite(score) if isinstance(score, float) else [finite(each) for each in score]


def finite(score: float) -> float | None:
    """A score as JSON has it, which knows no NaN and no infinity."""
    return score if score - score == 0 else None
