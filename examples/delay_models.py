"""Two models of late flights, each as the archive that CreateModel takes.

Both read the features of ``examples.training_set`` from the same groups, so that the keys of a
flight are all that they are asked with. XGBoost takes what is missing as NaN. The logistic
regression is an ONNX graph of two nodes; there, what is missing takes a mean, by the specification.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import onnx
import onnxruntime
import xgboost
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from examples.training_set import GROUPS

Frame = Any  # pandas is untyped here
Array = Any
COLUMNS = [f"{each.prefix}{name}" for each in GROUPS for name in each.features or ()]


@dataclass(frozen=True)
class Made:
    """A model: its archive, the image that says what runs it, and its score of rows here."""

    name: str
    image: str
    archive: bytes
    score: Callable[[Frame], Array]

    @classmethod
    def of(
        cls, kind: str, file: tuple[str, bytes], spec: dict[str, Any], score: Callable[..., Array]
    ) -> Made:
        """The model of a file; its name has the archive's digest, so the same is the same."""
        archive = packed({file[0]: file[1], "larder/features.json": json.dumps(spec).encode()})
        digest = sha256(archive).hexdigest()[:8]
        return cls(f"late-flights-{kind}-{digest}", f"larder-{kind}:1", archive, score)


def specification(missing: Callable[[str], Any]) -> dict[str, Any]:
    """``larder/features.json``: where each column of the model comes from, in its order.

    ``missing`` gives what a column takes where the record has no value.
    """
    inputs = [
        {
            "name": f"{each.prefix}{name}",
            "feature_group": each.group,
            "feature": name,
            "missing": missing(f"{each.prefix}{name}"),
        }
        for each in GROUPS
        for name in each.features or ()
    ]
    return {"version": 1, "unit": "tail_number", "inputs": inputs}


def boosted(flights: Frame) -> Made:
    """XGBoost of a training set's rows."""
    rows = flights[COLUMNS].astype("float32")
    asked = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "nthread": 1, "seed": 1}
    booster = xgboost.train(asked, xgboost.DMatrix(rows, flights.late), num_boost_round=60)

    def score(given: Frame) -> Array:
        return booster.predict(xgboost.DMatrix(given[COLUMNS].astype("float32")))

    file = bytes(booster.save_raw("ubj"))
    return Made.of("xgboost", ("model.ubj", file), specification(lambda _: "nan"), score)


def logistic(flights: Frame) -> Made:
    """Logistic regression of the same rows; what is missing takes the column's mean, rounded."""
    means = {name: float(round(flights[name].astype(float).mean())) for name in COLUMNS}
    rows = filled(flights, means)
    scaler = StandardScaler().fit(rows)
    fitted = LogisticRegression(C=0.05, max_iter=1000).fit(scaler.transform(rows), flights.late)
    weights = fitted.coef_[0] / scaler.scale_
    graph = sigmoid_graph(weights, float(fitted.intercept_[0] - weights @ scaler.mean_))
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def score(given: Frame) -> Array:
        return session.run(None, {"flights": filled(given, means)})[0][:, 0]

    spec = specification(lambda name: {"default": means[name]})
    return Made.of("onnx", ("model.onnx", graph), spec, score)


def filled(flights: Frame, means: dict[str, float]) -> Array:
    """The model's columns as float32, with means for what is missing."""
    return flights[COLUMNS].astype(float).fillna(means).to_numpy(np.float32)


def sigmoid_graph(weights: Array, bias: float) -> bytes:
    """An ONNX model: sigmoid(rows x weights + bias), one score a row."""
    constants = [
        numpy_helper.from_array(weights.astype(np.float32).reshape(-1, 1), "weights"),
        numpy_helper.from_array(np.array([bias], np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("Gemm", ["flights", "weights", "bias"], ["sums"]),
        helper.make_node("Sigmoid", ["sums"], ["late"]),
    ]
    taken, given = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])
        for name, width in (("flights", len(weights)), ("late", 1))
    )
    graph = helper.make_graph(nodes, "late", [taken], [given], constants)
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def packed(files: dict[str, bytes]) -> bytes:
    """A model.tar.gz of files by name, the same bytes every time."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()
