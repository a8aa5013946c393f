"""A training step: a Lambda function that trains XGBoost on the rows that a run gives it.

It calls XGBoost's C library, over the layers that the platform's own functions have, so that a zip
of this one file is a function. A step of one's own would rather have the Python package, in a
container image. What it reads and writes is the same.
"""

from __future__ import annotations

import ctypes
import io
import json
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import duckdb
import numpy as np

PARITY_ROWS = 1_000
LEAST_PARITY_ROWS = 100
_OPTIONS = {"objective": "binary:logistic", "max_depth": "3", "nthread": "1"}
Array = np.ndarray[Any, np.dtype[np.float32]]
Event = Mapping[str, Any]


def handler(event: Event, _context: object) -> dict[str, int]:
    """Train on the rows of the event, and put the archive where it says."""
    matrix, labels = rows_of(event)
    write(event, archive_of(event, matrix, labels))
    return {"rows": len(labels)}


def rows_of(event: Event) -> tuple[Array, Array]:
    """The features, a missing value as NaN, and the truths."""
    bucket, _, key = event["rows"].removeprefix("s3://").partition("/")
    listed = ", ".join(f'"{each}"' for each in [*event["features"], event["target"]])
    with TemporaryDirectory() as folder, duckdb.connect(config={"home_directory": folder}) as duck:
        path = f"{folder}/rows.parquet"
        boto3.client("s3").download_file(bucket, key, path)
        rows = duck.execute(f"SELECT {listed} FROM '{path}'").fetchall()
    values = np.array([[np.nan if v is None else float(v) for v in row] for row in rows], "f4")
    return np.ascontiguousarray(values[:, :-1]), np.ascontiguousarray(values[:, -1])


def archive_of(event: Event, matrix: Array, labels: Array) -> bytes:
    """The model, its specification, and rows with the scores that it gives here."""
    sample = matrix[:PARITY_ROWS]
    rounds = int(event["parameters"]["rounds"])
    model, scores = trained(matrix, labels, rounds=rounds, sample=sample)
    entries = {
        "xgboost-model": model,
        "larder/features.json": json.dumps(event["specification"]).encode(),
    }
    if len(sample) >= LEAST_PARITY_ROWS:
        entries["larder/parity.json"] = parity(sample, scores)
    return packed(entries)


def parity(sample: Array, scores: Sequence[float]) -> bytes:
    """The file by which a platform proves that a model scores there as it does here."""
    inputs = [[None if np.isnan(cell) else float(cell) for cell in row] for row in sample]
    outputs = [[float(each)] for each in scores]
    return json.dumps({"inputs": inputs, "outputs": outputs}).encode()


def trained(
    matrix: Array, labels: Array, *, rounds: int, sample: Array
) -> tuple[bytes, Sequence[float]]:
    """A booster in XGBoost's own form, and its scores of a sample."""
    library = _Library(ctypes.CDLL(found_library()))
    with library.matrix(matrix) as data, library.matrix(sample) as asked:
        truths, count = labels.ctypes.data_as(_FLOATS), ctypes.c_uint64(len(labels))
        library.call("XGDMatrixSetFloatInfo", data, b"label", truths, count)
        with library.booster(data) as booster:
            for number in range(rounds):
                library.call("XGBoosterUpdateOneIter", booster, ctypes.c_int(number), data)
            return library.saved(booster), library.scores(booster, asked)


_FLOATS = ctypes.POINTER(ctypes.c_float)


class _Library:
    """XGBoost's C functions, each of which answers 0, or says what was wrong."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.XGBGetLastError.restype = ctypes.c_char_p

    def call(self, function: str, *given: object) -> None:
        """Call a function; RuntimeError says what XGBoost says."""
        if getattr(self._library, function)(*given):
            raise RuntimeError(self._library.XGBGetLastError().decode())

    def made(self, function: str, *given: object) -> ctypes.c_void_p:
        """What a function makes, by its handle."""
        handle = ctypes.c_void_p()
        self.call(function, *given, ctypes.byref(handle))
        return handle

    @contextmanager
    def matrix(self, values: Array) -> Iterator[ctypes.c_void_p]:
        """XGBoost's own matrix of values, in which NaN is a missing one."""
        cells = values.ctypes.data_as(_FLOATS)
        rows, columns = (ctypes.c_uint64(each) for each in values.shape)
        missing = ctypes.c_float(float("nan"))
        handle = self.made("XGDMatrixCreateFromMat", cells, rows, columns, missing)
        try:
            yield handle
        finally:
            self.call("XGDMatrixFree", handle)

    @contextmanager
    def booster(self, data: ctypes.c_void_p) -> Iterator[ctypes.c_void_p]:
        """A booster that has learnt nothing yet."""
        handle = self.made("XGBoosterCreate", ctypes.byref(data), ctypes.c_uint64(1))
        try:
            for name, value in _OPTIONS.items():
                self.call("XGBoosterSetParam", handle, name.encode(), value.encode())
            yield handle
        finally:
            self.call("XGBoosterFree", handle)

    def saved(self, booster: ctypes.c_void_p) -> bytes:
        """The booster as a file."""
        size, body = ctypes.c_uint64(), ctypes.c_char_p()
        out = (ctypes.byref(size), ctypes.byref(body))
        self.call("XGBoosterSaveModelToBuffer", booster, b'{"format": "ubj"}', *out)
        return ctypes.string_at(body, size.value)

    def scores(self, booster: ctypes.c_void_p, rows: ctypes.c_void_p) -> Sequence[float]:
        """The booster's scores of a matrix."""
        count, found = ctypes.c_uint64(), _FLOATS()
        probabilities = (ctypes.c_int(0), ctypes.c_uint(0), ctypes.c_int(0))  # of all rounds
        out = (ctypes.byref(count), ctypes.byref(found))
        self.call("XGBoosterPredict", booster, rows, *probabilities, *out)
        return [found[place] for place in range(count.value)]


def found_library() -> str:
    """XGBoost's library: below /opt, where Lambda unpacks layers, or on the path of imports."""
    places = [*Path("/opt").glob("**/libxgboost.so")]
    places += [path for each in sys.path for path in Path(each).glob("xgboost/lib/libxgboost.so")]
    if not places:
        raise RuntimeError("there is no libxgboost.so: give the function a layer that has it")
    return str(places[0])


def packed(entries: Mapping[str, bytes]) -> bytes:
    """A model.tar.gz."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return raw.getvalue()


def write(event: Event, archive: bytes) -> None:
    """Put the archive where the run looks for it."""
    bucket, _, key = event["output"].removeprefix("s3://").partition("/")
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=archive)
