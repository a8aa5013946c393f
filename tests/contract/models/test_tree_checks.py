"""Models that XGBoost and LightGBM make pass the import's look at their trees; damaged ones do not."""

import json

import lightgbm
import numpy as np
import orjson
import pytest
import xgboost

from larder.models.adapters import ubj
from larder.models.adapters.tree_checks import check_lightgbm, check_xgboost
from larder.models.errors import ModelError
from tests.support import boosters
from tests.support.artefacts import lightgbm_model

ROWS, SUMS = boosters.data(columns=4)
CLASSES = np.digitize(SUMS, [-1, 1])
MIXED = np.column_stack([ROWS[:, :3], np.abs(ROWS[:, 3] * 9).astype(int)])


def trained(labels=SUMS, rows=ROWS, *, types=None, rounds=5, **parameters):
    matrix = xgboost.DMatrix(rows, labels, feature_types=types, enable_categorical=True)
    return xgboost.train(
        {"nthread": 1, "max_depth": 4, "verbosity": 0, **parameters}, matrix, rounds
    )


SOUND = {
    "regression": trained,
    "classes": lambda: trained(CLASSES, objective="multi:softprob", num_class=3),
    "dart": lambda: trained(booster="dart", rate_drop=0.5),
    "linear": lambda: trained(booster="gblinear"),
    "categories": lambda: trained(
        rows=MIXED, types=["q", "q", "q", "c"], max_cat_to_onehot=2, tree_method="hist"
    ),
    "several targets": lambda: trained(np.column_stack([SUMS, -SUMS])),
    "vector leaves": lambda: trained(
        np.column_stack([SUMS, -SUMS]), multi_strategy="multi_output_tree", tree_method="hist"
    ),
    "a forest": lambda: trained(num_parallel_tree=3, subsample=0.5),
    "one leaf": lambda: trained(max_depth=1, min_child_weight=1e9),
    "pruned": lambda: trained(gamma=30.0, tree_method="exact"),
    "no trees": lambda: trained(rounds=0),
}


@pytest.mark.parametrize("kind", SOUND)
def test_boosters_of_every_kind_are_sound_and_ubj_is_read_as_json_is(kind):
    made = SOUND[kind]()
    saved = bytes(made.save_raw("ubj"))
    check_xgboost(saved)

    plain = json.loads(json.dumps(ubj.read(saved), default=lambda array: array.tolist()))
    expected = json.loads(made.save_raw("json"))
    model = plain["learner"]["gradient_booster"].get("model", {})
    other = expected["learner"]["gradient_booster"].get("model", {})
    for mine, theirs in zip(model.get("trees", []), other.get("trees", []), strict=True):
        assert mine.keys() == theirs.keys()
        for name in ("left_children", "right_children", "split_indices", "categories"):
            assert mine[name] == theirs[name]


def damaged(name, value, place=0):
    """A booster's file with another value in an array of its first tree."""
    raw = orjson.loads(bytes(trained(rows=MIXED, types=["q", "q", "q", "c"]).save_raw("json")))
    tree = raw["learner"]["gradient_booster"]["model"]["trees"][0]
    tree[name][place] = value
    return as_ubj(raw)


def as_ubj(value):
    """UBJSON without typed arrays."""
    match value:
        case dict():
            inner = b"".join(name_of(key) + as_ubj(each) for key, each in value.items())
            return b"{" + inner + b"}"
        case list():
            return b"[" + b"".join(map(as_ubj, value)) + b"]"
        case str():
            return b"S" + name_of(value)
        case int():
            return b"l" + value.to_bytes(4, "big", signed=True)
    return b"D" + np.array([value], ">f8").tobytes()


def name_of(text):
    return b"L" + len(text.encode()).to_bytes(8, "big") + text.encode()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("left_children", 0, "no tree"),
        ("left_children", 2, "no tree"),
        ("left_children", 10_000, "a child that does not exist"),
        ("right_children", -5, "a child that does not exist"),
        ("left_children", -1, "one child"),
        ("split_indices", 4, "a column that does not exist"),
        ("split_indices", -1, "a column that does not exist"),
        ("split_type", 7, "no known kind"),
    ],
)
def test_a_damaged_booster_is_refused(name, value, words):
    with pytest.raises(ModelError, match=words):
        check_xgboost(damaged(name, value))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0x1C00_0002, "a parent that does not exist"),
        (-7, "a parent that does not exist"),
        (1, "a node that does not know its parent"),
    ],
)
def test_a_parent_that_is_not_the_nodes_own_is_refused(value, words):
    """XGBoost reads there when it loads the file, and may end its process by it."""
    with pytest.raises(ModelError, match=words):
        check_xgboost(damaged("parents", value, place=2))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[", b"x", b"{L", b"[$l#L" + b"\x7f" * 8, b"[" * 9999]
)
def test_what_is_no_ubj_is_refused(data):
    with pytest.raises(ModelError, match="damaged"):
        check_xgboost(data)


def text(**changes):
    """LightGBM's text of a model, in which the first line of each name is another."""
    found = lightgbm_model().model_to_string()
    for name, value in changes.items():
        before, line, after = found.partition(f"\n{name}=")
        values = after.split("\n", 1)[0].split()
        found = before + line + " ".join([str(value), *values[1:]]) + "\n" + after.split("\n", 1)[1]
    return found


def test_models_of_lightgbm_are_sound():
    for objective in ("regression", "binary", "multiclass"):
        check_lightgbm(lightgbm_model(objective).model_to_string())
    data = lightgbm.Dataset(MIXED, SUMS, categorical_feature=[3], free_raw_data=False)
    check_lightgbm(lightgbm.train({"verbosity": -1}, data, 5).model_to_string())
    constant = lightgbm.train({"verbosity": -1}, lightgbm.Dataset(ROWS, SUMS * 0), 3)
    check_lightgbm(constant.model_to_string())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("left_child", 0, "no tree"),
        ("left_child", 999, "a child that does not exist"),
        ("right_child", -999, "a leaf that does not exist"),
        ("split_feature", 3, "an unknown column"),
        ("num_leaves", 2, "lacks"),
        ("num_leaves", "x", "damaged"),
    ],
)
def test_a_damaged_model_of_lightgbm_is_refused(name, value, words):
    with pytest.raises(ModelError, match=words):
        check_lightgbm(text(**{name: value}))
