"""Model files of every format for tests, each made once in a process."""

from functools import cache

import lightgbm
import numpy as np
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.support.boosters import data


@cache
def lightgbm_model(objective="regression", columns=3):
    """A LightGBM model that has learnt something of ``data``."""
    rows, sums = data(columns)
    labels = sums if objective == "regression" else np.digitize(sums, [0, 1])
    more = {"num_class": 3} if objective == "multiclass" else {}
    parameters = {"objective": objective, "verbosity": -1, "num_threads": 1} | more
    return lightgbm.train(parameters, lightgbm.Dataset(rows, labels), 12)


@cache
def linear(columns=3):
    """A linear regression, and as ONNX of one tensor."""
    rows, sums = data(columns)
    model = LinearRegression().fit(rows, sums)
    return model, to_onnx(model, rows[:1]).SerializeToString()


@cache
def onnx_forest():
    """A small random forest as ONNX."""
    rows, sums = data()
    model = RandomForestRegressor(4, max_depth=4, random_state=1).fit(rows, sums)
    return to_onnx(model, rows[:1]).SerializeToString()


@cache
def logistic(columns=3, *, zipmap=False):
    """A classifier of two classes, and as ONNX with label and probabilities."""
    rows, sums = data(columns)
    model = LogisticRegression().fit(rows, (sums > 0).astype(int))
    options = {id(model): {"zipmap": zipmap}}
    return model, to_onnx(model, rows[:1], options=options).SerializeToString()


@cache
def named_inputs(names=("a", "b", "c")):
    """A linear regression as ONNX with one input for each column."""
    rows, sums = data(len(names))
    model = LinearRegression().fit(rows, sums)
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 1]) for n in names]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    weights = helper.make_tensor("w", TensorProto.FLOAT, [len(names), 1], model.coef_.tolist())
    bias = helper.make_tensor("b0", TensorProto.FLOAT, [1], [float(model.intercept_)])
    nodes = [
        helper.make_node("Concat", list(names), ["x"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b0"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", inputs, [output], [weights, bias])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model, made.SerializeToString()


@cache
def text_and_number():
    """An ONNX model of a text and a number: 10 for "late", else 0, and the number more."""
    inputs = [
        helper.make_tensor_value_info("words", TensorProto.STRING, [None, 1]),
        helper.make_tensor_value_info("amount", TensorProto.FLOAT, [None, 1]),
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    known = {"keys_strings": ["late"], "values_floats": [10.0], "default_float": 0.0}
    nodes = [
        helper.make_node("LabelEncoder", ["words"], ["x"], domain="ai.onnx.ml", **known),
        helper.make_node("Add", ["x", "amount"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", inputs, [output])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


@cache
def text_classifier():
    """A classifier of sentences, and as ONNX of one tensor of texts."""
    texts = ["where is it", "where is my order", "please cancel", "cancel my order"]
    model = make_pipeline(CountVectorizer(lowercase=False), LogisticRegression()).fit(
        texts, [0, 0, 1, 1]
    )
    given = [("texts", StringTensorType([None, 1]))]
    options = {id(model): {"zipmap": False}}
    made = convert_sklearn(model, initial_types=given, options=options)
    return model, texts, made.SerializeToString()
