"""ONNX forests of converters pass the import's look at their trees; damaged ones do not."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)

from larder.models.adapters.onnx_runtime import OnnxRuntime
from larder.models.adapters.onnx_trees import check_onnx
from larder.models.errors import ModelError
from tests.support import boosters
from tests.support.artefacts import linear

ROWS, SUMS = boosters.data(columns=4)
CLASSES = np.digitize(SUMS, [-1, 1])
SOUND = {
    "forest": (RandomForestRegressor(4, max_depth=4, random_state=1), SUMS),
    "classes": (RandomForestClassifier(4, max_depth=4, random_state=1), CLASSES),
    "boosting": (GradientBoostingClassifier(n_estimators=5, random_state=1), CLASSES),
    "extra trees": (ExtraTreesRegressor(3, max_depth=5, random_state=1), SUMS),
}


def converted(kind):
    model, labels = SOUND[kind]
    return to_onnx(model.fit(ROWS, labels), ROWS[:1])


def new_form(**changes):
    """TreeEnsemble of version 5: node 0 asks, node 1 asks again; three leaves."""
    given = {
        "nodes_featureids": [0, 1],
        "nodes_truenodeids": [1, 0],
        "nodes_trueleafs": [0, 1],
        "nodes_falsenodeids": [2, 1],
        "nodes_falseleafs": [1, 1],
        "leaf_targetids": [0, 0, 0],
        "tree_roots": [0],
        **changes,
    }
    given["nodes_splits"] = helper.make_tensor("s", TensorProto.FLOAT, [2], [0.0, 1.0])
    given["nodes_modes"] = helper.make_tensor("m", TensorProto.UINT8, [2], [0, 0])
    given["leaf_weights"] = helper.make_tensor("w", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])
    node = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function=1,
        **given,
    )
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([node], "g", [x], [y])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def ensemble(model):
    return next(node for node in model.graph.node if node.op_type.startswith("TreeEnsemble"))


def changed(model, name, change):
    """The file with another list of that name."""
    (attribute,) = (each for each in ensemble(model).attribute if each.name == name)
    values = attribute.ints if attribute.ints else attribute.strings
    change(values)
    return model.SerializeToString()


def branch(model, place=0):
    """The place of a node that has children."""
    modes = next(each.strings for each in ensemble(model).attribute if each.name == "nodes_modes")
    return [at for at, mode in enumerate(modes) if mode != b"LEAF"][place]


@pytest.mark.parametrize("kind", SOUND)
def test_forests_of_every_kind_are_sound(kind):
    check_onnx(converted(kind).SerializeToString())


def test_the_new_operator_and_models_without_trees_are_sound():
    saved = new_form().SerializeToString()
    OnnxRuntime().load([saved])
    check_onnx(saved)
    check_onnx(linear()[1])


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.parametrize("side", ["true", "false"])
def test_a_path_that_comes_back_is_refused(kind, side):
    model = converted(kind)
    place = branch(model, 1)
    numbers = next(e.ints for e in ensemble(model).attribute if e.name == "nodes_nodeids")

    def back(values):
        values[place] = numbers[branch(model)]

    saved = changed(model, f"nodes_{side}nodeids", back)
    with pytest.raises(ModelError, match="comes back to a node"):
        check_onnx(saved)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("nodes_truenodeids", lambda v: v.__setitem__(0, 99_999), "a child that does not exist"),
        ("nodes_falsenodeids", lambda v: v.__setitem__(0, -3), "a child that does not exist"),
        ("nodes_truenodeids", lambda v: v.pop(), "other lengths"),
        ("nodes_treeids", lambda v: v.pop(), "other lengths"),
        ("nodes_modes", lambda v: v.pop(), "other lengths"),
        ("nodes_nodeids", lambda v: v.__setitem__(1, v[0]), "two nodes have one number"),
    ],
    ids=["far", "negative", "short", "trees", "modes", "twice"],
)
def test_a_damaged_forest_is_refused(name, change, words):
    with pytest.raises(ModelError, match=words):
        check_onnx(changed(converted("forest"), name, change))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes_truenodeids": [0, 0]}, "comes back"),
        ({"nodes_truenodeids": [7, 0]}, "a child that does not exist"),
        ({"nodes_truenodeids": [1]}, "other lengths"),
    ],
    ids=["back", "far", "short"],
)
def test_a_damaged_tree_of_the_new_operator_is_refused(changes, words):
    with pytest.raises(ModelError, match=words):
        check_onnx(new_form(**changes).SerializeToString())


def test_trees_in_an_inner_graph_are_looked_at():
    inner = converted("forest")
    saved = changed(inner, "nodes_truenodeids", lambda values: values.__setitem__(0, 99_999))
    damaged = onnx.load_from_string(saved)
    one = helper.make_node("If", ["c"], ["y"], then_branch=damaged.graph, else_branch=damaged.graph)
    outer = helper.make_model(helper.make_graph([one], "g", [], []))
    with pytest.raises(ModelError, match="a child that does not exist"):
        check_onnx(outer.SerializeToString())


@pytest.mark.parametrize("data", [b"\x3a", b"\x3a\xff\xff\xff\xff\x0f", b"\x3b", b"\xff" * 12])
def test_what_is_no_message_is_refused(data):
    with pytest.raises(ModelError, match="damaged"):
        check_onnx(data)
