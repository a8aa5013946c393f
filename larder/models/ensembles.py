"""Several boosters of one archive as one model, combined as SageMaker's container does.

Source: aws/sagemaker-xgboost-container, ``serve_utils.predict``: the mean of the predictions, or
the most frequent one where predictions are labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ctypes import c_float

from larder.models.errors import ModelError
from larder.models.ports import Predictions

_LABELS = frozenset({"multi:softmax", "binary:hinge"})


def combined(parts: Sequence[Predictions], objective: str) -> Predictions:
    """One prediction a row; of labels that are equally frequent, the least.

    Raises:
        ModelError: the models have different numbers of outputs.
    """
    first = parts[0]
    if any(each.outputs != first.outputs for each in parts):
        shapes = ", ".join(str(each.outputs) for each in parts)
        raise ModelError(f"The models of the archive differ in their outputs: {shapes}.", 500)
    combine = _mode if objective in _LABELS else _mean
    columns = zip(*(each.values for each in parts), strict=True)
    return Predictions([combine(column) for column in columns], first.rows, first.outputs)


def _mode(labels: Sequence[float]) -> float:
    counts = Counter(labels)
    most = max(counts.values())
    return min(label for label, count in counts.items() if count == most)


def _mean(values: Sequence[float]) -> float:
    """In float32 step by step, as numpy computes it."""
    total = 0.0
    for value in values:
        total = c_float(total + value).value
    return c_float(total / len(values)).value
