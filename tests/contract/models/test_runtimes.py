"""Runtimes: what each library says by ctypes or onnxruntime is what its Python package says."""

import os
import subprocess
import sys
from array import array

import numpy as np
import onnx
import pytest
import xgboost
from onnx import TensorProto, helper

from larder.models.adapters.lightgbm_runtime import LightgbmRuntime
from larder.models.adapters.onnx_runtime import OnnxRuntime
from larder.models.adapters.xgboost_runtime import Booster, XgboostRuntime
from larder.models.errors import ModelError
from larder.models.ports import Matrix
from larder.models.served import Runtime
from larder.wiring.model_runtimes import NativeRuntimes
from tests.support import artefacts
from tests.support.boosters import booster, data, ubj

OBJECTIVES = ["reg:squarederror", "reg:logistic", "binary:logistic", "binary:logitraw",
              "binary:hinge", "multi:softmax", "multi:softprob"]  # fmt: skip


def hostile_rows(count=10_000, columns=3):
    """Random rows, a fifth of whose values are NaN, infinite or huge."""
    source = np.random.default_rng(1)
    rows = source.normal(size=(count, columns)).astype("f4")
    odd = source.choice([np.nan, np.inf, -np.inf, 1e30, -1e30, 0], size=rows.shape)
    return np.where(source.random(rows.shape) < 0.2, odd, rows).astype("f4")


def scored(model, rows):
    rows = np.ascontiguousarray(rows, dtype="f4")
    found = model.predict(Matrix(array("f", rows.tobytes()), *rows.shape))
    return np.array(found.values).reshape(len(rows), found.outputs)


def as_columns(values, rows):
    return np.asarray(values, dtype=float).reshape(rows, -1)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_xgboost_is_bit_equal_to_its_package(objective):
    rows = hostile_rows()
    model = XgboostRuntime().load([ubj(objective)])
    theirs = booster(objective).inplace_predict(rows, missing=np.nan)
    assert np.array_equal(scored(model, rows), as_columns(theirs, len(rows)), equal_nan=True)
    assert (model.width, model.objective) == (3, objective)


def test_xgboost_knows_the_columns_names():
    rows, sums = data()
    given = xgboost.DMatrix(rows, sums, feature_names=["ä", "b c", "c"])
    made = xgboost.train({"nthread": 1}, given, 2)
    model = XgboostRuntime().load([bytes(made.save_raw("ubj"))])
    assert model.columns == ("ä", "b c", "c")


# XGBoost's package warns of the old form in a callback of its C library, where nothing can catch it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("form", ["ubj", "json", "deprecated"])
def test_xgboost_reads_every_form_and_writes_ubj(form):
    rows, _ = data()
    model = Booster.read(bytes(booster("binary:logistic").save_raw(form)))
    again = Booster.read(model.ubj())
    assert model.ubj()[:2] == b"{L"
    wanted = booster("binary:logistic").inplace_predict(rows)
    for each in (model, again):
        assert np.array_equal(scored(each, rows), as_columns(wanted, len(rows)))


@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob", "multi:softmax"])
def test_several_boosters_are_a_mean_or_of_labels_the_most_frequent(objective):
    rows, _ = data()
    seeds = (7, 8, 9)
    model = XgboostRuntime().load([ubj(objective, seed=seed) for seed in seeds])
    parts = [booster(objective, seed=seed).inplace_predict(rows) for seed in seeds]
    if objective == "multi:softmax":
        stacked = np.stack(parts).astype(int)
        wanted = [np.bincount(column).argmax() for column in stacked.T]
    else:
        wanted = np.mean(parts, axis=0)
    assert np.array_equal(scored(model, rows), as_columns(wanted, len(rows)))


@pytest.mark.parametrize("objective", ["regression", "multiclass"])
def test_lightgbm_is_bit_equal_to_its_package(objective):
    rows = hostile_rows()
    theirs = artefacts.lightgbm_model(objective)
    model = LightgbmRuntime().load([theirs.model_to_string().encode()])
    wanted = as_columns(theirs.predict(rows), len(rows))
    assert np.array_equal(scored(model, rows), wanted, equal_nan=True)
    assert (model.width, model.columns) == (3, ("Column_0", "Column_1", "Column_2"))


@pytest.mark.parametrize("make", [artefacts.linear, artefacts.named_inputs])
def test_onnx_is_near_its_origin(make):
    rows, _ = data()
    origin, file = make()
    model = OnnxRuntime().load([file])
    wanted = as_columns(origin.predict(rows), len(rows))
    assert np.allclose(scored(model, rows), wanted, atol=1e-5)
    assert model.width == 3
    assert model.columns == (("a", "b", "c") if make is artefacts.named_inputs else ())


@pytest.mark.parametrize("make", [artefacts.linear, artefacts.named_inputs])
def test_a_model_that_takes_one_row_scores_many(make):
    """Many exporters fix the first dimension to 1 by default."""
    rows, _ = data()
    origin, file = make()
    fixed = onnx.load_from_string(file)
    for each in (*fixed.graph.input, *fixed.graph.output):
        each.type.tensor_type.shape.dim[0].dim_value = 1
    model = OnnxRuntime().load([fixed.SerializeToString()])
    wanted = as_columns(origin.predict(rows), len(rows))
    assert np.allclose(scored(model, rows), wanted, atol=1e-5)


@pytest.mark.parametrize("zipmap", [False, True])
def test_of_an_onnx_classifier_the_probabilities_are_the_score(zipmap):
    rows, _ = data()
    origin, file = artefacts.logistic(zipmap=zipmap)
    model = OnnxRuntime().load([file])
    assert np.allclose(scored(model, rows), origin.predict_proba(rows), atol=1e-6)


FILES = {
    Runtime.XGBOOST: ubj,
    Runtime.LIGHTGBM: lambda: artefacts.lightgbm_model().model_to_string().encode(),
    Runtime.ONNX: lambda: artefacts.linear()[1],
}


@pytest.mark.parametrize("runtime", Runtime)
@pytest.mark.parametrize(
    "damage", [lambda f: b"", lambda f: b"garbage", lambda f: f[: len(f) // 3]]
)
def test_a_damaged_file_is_a_model_error(runtime, damage):
    with pytest.raises(ModelError, match="refused the model file") as error:
        NativeRuntimes()[runtime].load([damage(FILES[runtime]())])
    assert error.value.status == 500


def test_a_file_that_onnxruntime_tries_twice_prints_nothing(capsys):
    file = artefacts.linear()[1]
    assert b"variable" in file
    with pytest.raises(ModelError, match="refused the model file"):
        OnnxRuntime().load([file.replace(b"variable", b"\xd1ariable")])
    assert capsys.readouterr().out == ""


def with_external_data(location):
    """An ONNX model whose 3,600 bytes of weights are in another file."""
    weights = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[300, 3], data_location=TensorProto.EXTERNAL
    )
    for key, value in (("location", location), ("offset", "0"), ("length", "3600")):
        weights.external_data.add(key=key, value=value)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3])
    nodes = [helper.make_node("Max", ["x", "w"], ["y"])]
    graph = helper.make_graph(nodes, "g", [given], [made], [weights])
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


@pytest.mark.parametrize("location", ["other", "./other", "../{0}/other", "{1}/other"])
def test_an_onnx_model_reads_no_other_file(tmp_path, monkeypatch, location):
    """Without the setting that says so, onnxruntime reads those of the working directory."""
    (tmp_path / "other").write_bytes(np.arange(900, dtype="f4").tobytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"External data path.*save_as_external_data=False"):
        OnnxRuntime().load([with_external_data(location.format(tmp_path.name, tmp_path))])


@pytest.mark.parametrize("runtime", [Runtime.LIGHTGBM, Runtime.ONNX])
def test_only_xgboost_has_ensembles(runtime):
    with pytest.raises(ModelError, match="has one file, not 2"):
        NativeRuntimes()[runtime].load([FILES[runtime]()] * 2)


@pytest.mark.parametrize("runtime", Runtime)
def test_rows_of_another_width_are_refused(runtime):
    model = NativeRuntimes()[runtime].load([FILES[runtime]()])
    with pytest.raises(ModelError, match="Unable to evaluate payload provided"):
        scored(model, np.zeros((2, 5)))


def test_a_thousand_batches_write_nothing_to_stdout_or_stderr(tmp_path):
    """A line costs money in a function's log; onnxruntime warns of a label's shape by default."""
    program = """
import numpy, sys
from tests.contract.models.test_runtimes import FILES, scored
from tests.support import artefacts
from larder.models.adapters.onnx_runtime import OnnxRuntime
from larder.wiring.model_runtimes import NativeRuntimes
import os
files = [(runtime, make()) for runtime, make in FILES.items()]
sys.stdout.flush(); sys.stderr.flush()
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.dup2(out, 1); os.dup2(out, 2)
for runtime, file in [*files, ("onnx", artefacts.logistic()[1])]:
    model = NativeRuntimes()[runtime].load([file])
    for _ in range(1000):
        scored(model, numpy.ones((7, 3)))
"""
    said = tmp_path / "said"
    done = subprocess.run(
        [sys.executable, "-c", program, str(said)],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert said.read_text() == ""
