"""Whether a model's trees are trees: what a library loads may still read past its arrays.

XGBoost and LightGBM follow a node's children without a look at where they lead. A damaged file can
make them walk in a circle, or out of memory, for some rows alone. So the import looks at every tree
before a row is scored. What it reads is what the library itself wrote of the model that it loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from larder.models.adapters import ubj
from larder.models.errors import ModelError

_CATEGORICAL: Final = 1


def check_xgboost(saved: bytes) -> None:
    """Nothing where a booster, saved as UBJ, has sound trees.

    Raises:
        ModelError: a node's child, feature or category is outside its array, or in a circle.
    """
    try:
        learner = ubj.read(saved)["learner"]
        parameters = learner["learner_model_param"]
        booster = learner["gradient_booster"]
        forest = booster.get("gbtree", booster)["model"]
        if "trees" in forest:
            _check_forest(forest, parameters)
        else:
            _check_weights(forest["weights"], parameters)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"The trees are damaged: {error!r:.200}", 500) from error


def _check_weights(weights: Any, parameters: Mapping[str, str]) -> None:  # noqa: ANN401
    """A linear booster has a weight for each column and one more, of each class."""
    wanted = (int(parameters["num_feature"]) + 1) * _groups(parameters)
    _require(len(weights) == wanted, "its weights are not those of its columns")


def _groups(parameters: Mapping[str, str]) -> int:
    return max(1, int(parameters["num_class"]), int(parameters.get("num_target", 1)))


def _check_forest(forest: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    width = int(parameters["num_feature"])
    trees, groups_of = forest["trees"], np.asarray(forest["tree_info"])
    _require(len(groups_of) == len(trees), "its trees and their groups differ in number")
    _require(_within(groups_of, _groups(parameters)), "a tree is of a class that does not exist")
    for place, tree in enumerate(trees):
        _check_tree(tree, width, f"tree {place}")


def _check_tree(tree: Mapping[str, Any], width: int, name: str) -> None:
    left, right = _whole(tree["left_children"]), _whole(tree["right_children"])
    count = len(left)
    leaf = left == -1
    _require(count > 0 and len(right) == count, f"{name} has no nodes")
    _require(bool((right[leaf] == -1).all()), f"{name} has a node of one child")
    children = np.concatenate((left[~leaf], right[~leaf]))
    _check_descent(children, count, name)
    _check_parents(tree, left, right, name)
    split = _whole(tree["split_indices"])
    _require(len(split) == count, f"{name} has splits of other nodes")
    _require(_within(split[~leaf], width), f"{name} splits by a column that does not exist")
    values, size = tree["split_conditions"], int(tree["tree_param"].get("size_leaf_vector", 1))
    _require(len(values) == count, f"{name} has values of other nodes")
    _require(len(tree["base_weights"]) >= count * max(size, 1), f"{name} lacks leaves' values")
    _require(len(tree["default_left"]) == count, f"{name} has defaults of other nodes")
    _check_categories(tree, count, leaf, name)


def _check_parents(tree: Mapping[str, Any], left: Any, right: Any, name: str) -> None:  # noqa: ANN401
    """XGBoost reads at the place of each node's parent when it loads the tree."""
    parents, inner = _whole(tree["parents"]), np.flatnonzero(left != -1)
    _require(len(parents) == len(left), f"{name} has parents of other nodes")
    _require(_within(parents[1:], len(left)), f"{name} has a parent that does not exist")
    both = (parents[left[inner]] == inner) & (parents[right[inner]] == inner)
    _require(bool(both.all()), f"{name} has a node that does not know its parent")


def _check_categories(tree: Mapping[str, Any], count: int, leaf: Any, name: str) -> None:  # noqa: ANN401
    kinds = _whole(tree.get("split_type", np.zeros(count)))
    nodes = _whole(tree.get("categories_nodes", ()))
    starts, sizes = (_whole(tree.get(f"categories_{each}", ())) for each in ("segments", "sizes"))
    total = len(tree.get("categories", ()))
    _require(len(kinds) == count and _within(kinds, 2), f"{name} has splits of no known kind")
    _require(len(nodes) == len(starts) == len(sizes), f"{name} has categories of other nodes")
    _require(_within(nodes, count), f"{name} has categories of a node that does not exist")
    inside = (starts >= 0) & (sizes >= 0) & (starts + sizes <= total)
    _require(bool(inside.all()), f"{name} has categories outside their list")
    wanted = np.flatnonzero((kinds == _CATEGORICAL) & ~leaf)
    _require(bool(np.isin(wanted, nodes).all()), f"{name} has a split without its categories")


def check_lightgbm(saved: str) -> None:
    """Nothing where a model, saved as text, has sound trees; raises as ``check_xgboost`` does."""
    head, *trees = re.split(r"(?m)^Tree=\d+$", saved.partition("\nend of trees")[0])
    try:
        width = int(_fields(head)["max_feature_idx"]) + 1
        for place, tree in enumerate(trees):
            _check_lightgbm_tree(_fields(tree), width, f"tree {place}")
    except (KeyError, ValueError, OverflowError) as error:
        raise ModelError(f"The trees are damaged: {error!r:.200}", 500) from error


def _check_lightgbm_tree(tree: Mapping[str, str], width: int, name: str) -> None:
    leaves, inner = int(tree["num_leaves"]), int(tree["num_leaves"]) - 1
    _require(leaves >= 1, f"{name} has no leaf")
    _require(len(tree["leaf_value"].split()) == leaves, f"{name} lacks leaves' values")
    if inner == 0:
        return
    columns = {key: _numbers(tree[key]) for key in ("left_child", "right_child", "split_feature")}
    _require(all(len(each) == inner for each in columns.values()), f"{name} lacks nodes")
    kinds = _numbers(tree["decision_type"])
    _require(len(kinds) == len(tree["threshold"].split()) == inner, f"{name} lacks nodes")
    _require(_within(columns["split_feature"], width), f"{name} splits by an unknown column")
    children = np.concatenate((columns["left_child"], columns["right_child"]))
    _require(bool((children >= -leaves).all()), f"{name} leads to a leaf that does not exist")
    _check_descent(children[children >= 0], inner, name)
    _check_bitsets(tree, kinds, name)


def _check_bitsets(tree: Mapping[str, str], kinds: Any, name: str) -> None:  # noqa: ANN401
    """The thresholds of a categorical split are numbers of sets of bits."""
    categorical = (kinds & _CATEGORICAL).astype(bool)
    if not categorical.any():
        return
    bounds, words = _numbers(tree["cat_boundaries"]), _numbers(tree["cat_threshold"])
    chosen = np.array([float(each) for each in tree["threshold"].split()])[categorical]
    _require(_within(chosen, len(bounds) - 1), f"{name} has a split without its categories")
    ordered = bool((np.diff(bounds) >= 0).all()) and bounds[0] >= 0 and bounds[-1] <= len(words)
    _require(bool(ordered), f"{name} has categories outside their list")


def _check_descent(children: Any, count: int, name: str) -> None:  # noqa: ANN401
    """Every node has one parent at most and the root none: so no path comes back to a node."""
    _require(_within(children, count), f"{name} has a child that does not exist")
    _require(
        bool((np.bincount(children, minlength=count)[1:] <= 1).all()) and 0 not in children,
        f"{name} is no tree, for its paths meet",
    )


def _within(values: Any, count: int) -> bool:  # noqa: ANN401
    return bool(((values >= 0) & (values < count)).all())


def _whole(values: Any) -> Any:  # noqa: ANN401
    return np.asarray(values).astype(np.int64)


def _numbers(text: str) -> Any:  # noqa: ANN401
    return np.array([int(each) for each in text.split()], dtype=np.int64)


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ModelError(f"The trees are damaged: {otherwise}. Save the model again.", 500)
