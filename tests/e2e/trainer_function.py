"""A training step: XGBoost's C library, over the layers that the platform's own functions have.

A step of one's own has the Python package in a container image; this one shows that the event is
all that is needed.
"""

import ctypes
import io
import json
import os
import sys
import tarfile
from pathlib import Path

import boto3
import duckdb
import numpy as np


def handler(event, _context):
    s3 = boto3.client("s3")
    if os.environ.get("FAILS"):
        raise RuntimeError(os.environ["FAILS"])
    bucket, _, key = event["rows"].removeprefix("s3://").partition("/")
    s3.download_file(bucket, key, "/tmp/rows.parquet")
    names = event["features"]
    listed = ", ".join(f'"{each}"' for each in [*names, event["target"]])
    with duckdb.connect(config={"home_directory": "/tmp"}) as database:
        rows = database.execute(f"SELECT {listed} FROM '/tmp/rows.parquet'").fetchall()
    values = np.array([[np.nan if v is None else float(v) for v in row] for row in rows], "f4")
    archive = packed(
        ("xgboost-model", trained(values[:, :-1], values[:, -1], event["parameters"])),
        ("larder/features.json", json.dumps(event["specification"]).encode()),
    )
    bucket, _, key = event["output"].removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=key, Body=archive)
    return {"rows": len(rows)}


def trained(matrix, labels, parameters):
    """A booster in XGBoost's own form. A poor one learns of its labels in another order."""
    if os.environ.get("IS_POOR"):
        labels = np.random.default_rng(1).permutation(labels)
    library = ctypes.CDLL(str(next(Path("/opt").rglob("libxgboost.so"), "") or found_library()))
    data, booster = ctypes.c_void_p(), ctypes.c_void_p()
    matrix, labels = np.ascontiguousarray(matrix, "f4"), np.ascontiguousarray(labels, "f4")
    floats = ctypes.POINTER(ctypes.c_float)
    missing, count = ctypes.c_float(np.nan), ctypes.c_uint64(len(labels))
    rows, columns = (ctypes.c_uint64(each) for each in matrix.shape)
    cells = matrix.ctypes.data_as(floats)

    def checked(status):
        if status:
            library.XGBGetLastError.restype = ctypes.c_char_p
            raise RuntimeError(library.XGBGetLastError().decode())

    checked(library.XGDMatrixCreateFromMat(cells, rows, columns, missing, ctypes.byref(data)))
    truths = labels.ctypes.data_as(floats)
    checked(library.XGDMatrixSetFloatInfo(data, b"label", truths, count))
    checked(library.XGBoosterCreate(ctypes.byref(data), ctypes.c_uint64(1), ctypes.byref(booster)))
    for name, value in (
        (b"objective", b"binary:logistic"),
        (b"max_depth", b"3"),
        (b"nthread", b"1"),
    ):
        checked(library.XGBoosterSetParam(booster, name, value))
    for number in range(int(parameters["rounds"])):
        checked(library.XGBoosterUpdateOneIter(booster, ctypes.c_int(number), data))
    size, body = ctypes.c_uint64(), ctypes.c_char_p()
    form = b'{"format": "ubj"}'
    saved = library.XGBoosterSaveModelToBuffer
    checked(saved(booster, form, ctypes.byref(size), ctypes.byref(body)))
    return ctypes.string_at(body, size.value)


def found_library():
    """Where layers are not below /opt, as on the local platform."""
    return next(path for each in sys.path for path in Path(each).glob("xgboost/lib/libxgboost.so"))


def packed(*entries):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()
