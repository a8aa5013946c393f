"""Filters and joins of single records: DataProcessing, in CSV and in JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import orjson

from larder.transforms.errors import BadInput
from larder.transforms.json_path import JsonPath, NotFound
from larder.transforms.work import Family, Processing

_INPUT, _OUTPUT = "SageMakerInput", "SageMakerOutput"


def filtered(record: bytes, processing: Processing) -> bytes:
    """What the model is given of a record.

    Raises:
        BadInput: the record has not what the filter names, or is of another format.
    """
    if _is_whole(processing.before):
        return record
    value = _select(processing.before, _read(record, processing.given), "InputFilter")
    return _written(value, processing.given)


def finished(record: bytes, result: bytes, processing: Processing) -> bytes:
    """What is written for a record and the model's result.

    Raises:
        BadInput: as ``filtered``.
    """
    if processing.joins:
        return _joined(record, result, processing)
    if _is_whole(processing.after):
        return result
    value = _read(result, processing.made)
    return _written(_select(processing.after, value, "OutputFilter"), processing.made)


def _joined(record: bytes, result: bytes, processing: Processing) -> bytes:
    if processing.given is Family.CSV:
        row = b"%s,%s" % (record, result)
        if _is_whole(processing.after):
            return row
        value = _read(row, Family.CSV)
        return _written(_select(processing.after, value, "OutputFilter"), Family.CSV)
    given, made = _read(record, processing.given), _read(result, processing.made)
    joined = {**given, _OUTPUT: made} if isinstance(given, dict) else {_INPUT: given, _OUTPUT: made}
    if not _is_whole(processing.after):
        joined = _select(processing.after, joined, "OutputFilter")
    return _written(joined, processing.made)


def _is_whole(path: JsonPath | None) -> bool:
    return path is None or path.is_whole


def _select(path: JsonPath | None, value: Any, member: str) -> Any:  # noqa: ANN401
    if path is None:
        return value
    try:
        return path.of(value)
    except NotFound as error:
        raise BadInput(f"DataProcessing.{member}: {error}.") from None


def _read(record: bytes, family: Family) -> Any:  # noqa: ANN401
    read: Callable[[bytes], Any] = _cells if family is Family.CSV else orjson.loads
    try:
        return read(record)
    except (ValueError, csv.Error) as error:
        raise BadInput(f"A record is no {family} ({str(error)[:200]}).") from None


def _cells(record: bytes) -> list[str]:
    text = record.decode()
    if '"' not in text:
        return text.split(",")
    return next(iter(csv.reader(io.StringIO(text), strict=True)))


def _written(value: Any, family: Family) -> bytes:  # noqa: ANN401
    if family is not Family.CSV:
        return orjson.dumps(value)
    cells = value if isinstance(value, list) else [value]
    text = ",".join(cells)
    if '"' in text or any("," in each for each in cells):
        row = io.StringIO()
        csv.writer(row, lineterminator="").writerow(cells)
        text = row.getvalue()
    return text.encode()
