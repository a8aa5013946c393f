"""``SAGEMAKER_INFERENCE_OUTPUT``: which contents a response of the built-in XGBoost has.

Source: aws/sagemaker-xgboost-container, ``serve_utils.get_selected_predictions``. A content that
the objective lacks is NaN there; JSON has none, so it is ``null`` here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from larder.models.api.media import CSV, JSON
from larder.models.errors import ModelError

OUTPUT = "SAGEMAKER_INFERENCE_OUTPUT"
_Score = float | Sequence[float]
_LABELLED = ("predicted_label", "labels", "raw_score", "raw_scores")
_PROBABLE = (*_LABELLED, "probability", "probabilities")
_VALID: Mapping[str, tuple[str, ...]] = {
    "reg:squarederror": ("predicted_score",),
    "reg:logistic": ("predicted_score",),
    "reg:gamma": ("predicted_score",),
    "reg:absoluteerror": ("predicted_score",),
    "reg:tweedie": ("predicted_score",),
    "binary:logistic": _PROBABLE,
    "binary:logitraw": _LABELLED,
    "binary:hinge": _LABELLED,
    "multi:softmax": _LABELLED,
    "multi:softprob": _PROBABLE,
}


def selected(
    scores: Sequence[_Score], chosen: str, objective: str, media: str, num_class: int = 0
) -> str:
    """The body with the contents of the list ``chosen``, for each score.

    Raises:
        ModelError: the container knows no contents for the objective.
    """
    valid = _VALID.get(objective)
    if valid is None:
        raise ModelError(
            f"Objective `{objective}` unsupported for selectable inference predictions.", 500
        )
    keys = chosen.replace(" ", "").lower().split(",")
    rows = [
        {key: _content(key, score, objective, num_class) if key in valid else None for key in keys}
        for score in scores
    ]
    if media == CSV:
        return "\n".join(",".join(_cell(row[key]) for key in keys) for row in rows)
    if media == JSON:
        return json.dumps({"predictions": rows})
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def _content(key: str, score: _Score, objective: str, num_class: int) -> object:
    if key == "predicted_label":
        return _label(score, objective)
    if key == "labels":
        return _labels(score, objective, num_class)
    if key in {"probability", "raw_score", "predicted_score"}:
        return max(score) if isinstance(score, Sequence) else score
    return list(score) if isinstance(score, Sequence) else [1.0 - score, score]


def _label(score: _Score, objective: str) -> object:
    if isinstance(score, Sequence):
        return max(range(len(score)), key=score.__getitem__)
    threshold: Callable[[float], object] = {
        "binary:logistic": lambda value: int(value > 0.5),
        "binary:logitraw": lambda value: int(value > 0),
    }.get(objective, lambda value: value)
    return threshold(score)


def _labels(score: _Score, objective: str, num_class: int) -> object:
    if objective.startswith("binary:"):
        return [0, 1]
    count = len(score) if isinstance(score, Sequence) else num_class
    return list(range(count)) if count else None


def _cell(value: object) -> str:
    if value is None:
        return "nan"
    return f'"{value}"' if isinstance(value, list) else str(value)
