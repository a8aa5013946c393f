"""XGBoost boosters for tests, each trained once in a process."""

from functools import cache

import numpy as np
import xgboost


@cache
def data(columns=3, rows=400, seed=7):
    """Random rows of float32 and their sums."""
    rows = np.random.default_rng(seed).normal(size=(rows, columns)).astype("f4")
    return rows, rows.sum(axis=1)


@cache
def booster(objective="reg:squarederror", columns=3, rounds=8, seed=7):
    """A booster that has learnt something of ``data``."""
    rows, sums = data(columns, seed=seed)
    classes = {"multi:softprob": 3, "multi:softmax": 3}.get(objective, 2)
    labels = sums if objective.startswith("reg:") else np.digitize(sums, [0, 1][: classes - 1])
    if objective in {"reg:logistic", "reg:gamma", "reg:tweedie"}:
        labels = 1 / (1 + np.exp(-sums)) + (1e-3 if objective != "reg:logistic" else 0)
    more = {"num_class": classes} if objective.startswith("multi:") else {}
    parameters = {"objective": objective, "max_depth": 3, "nthread": 1, "seed": seed} | more
    return xgboost.train(parameters, xgboost.DMatrix(rows, labels), rounds)


def ubj(*args, **kwargs):
    """The bytes of a booster in XGBoost's own form."""
    return bytes(booster(*args, **kwargs).save_raw("ubj"))


def predict(model, rows):
    """What the Python package says of rows, as floats."""
    values = model.inplace_predict(np.asarray(rows, dtype="f4"), missing=np.nan)
    return values.astype(float).tolist()
