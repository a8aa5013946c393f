"""How good scores are, by what is known of the same rows.

Of a classifier with one output the score is the probability of 1. One with two outputs or more has
a probability for each class, by its number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from larder.errors import ValidationError
from larder.trainings.definition import Metric

Scores = Sequence[Sequence[float]]
_LEAST: Final = 1e-15
"""Of a probability, so that its logarithm is a number."""


def measured(metric: Metric, scores: Scores, truths: Sequence[float]) -> float:
    """The metric of scores, a list for each row.

    Raises:
        ValidationError: the metric is not defined for these rows or scores, and why.
    """
    if not truths:
        raise ValidationError(f"compare.metric: {metric} needs a row, and none is held out")
    _check_numbers(metric, scores, truths)
    match metric:
        case Metric.AUC:
            return _auc(_positive(metric, scores), truths)
        case Metric.LOG_LOSS:
            return _log_loss(scores, truths)
        case Metric.MAE:
            return sum(map(_error, _single(metric, scores), truths)) / len(truths)
        case Metric.ACCURACY:
            return sum(map(_is_right, scores, truths)) / len(truths)


def _check_numbers(metric: Metric, scores: Scores, truths: Sequence[float]) -> None:
    """A score that is no number would count as right, or as the least of all."""
    rows = zip(scores, truths, strict=True)
    odd = sum(math.isnan(truth) or any(map(math.isnan, row)) for row, truth in rows)
    if odd:
        raise ValidationError(
            f"compare.metric: {metric} needs numbers, and of {len(truths)} rows that are held out "
            f"{odd} have a score or a target that is no number"
        )


def _auc(scores: Sequence[float], truths: Sequence[float]) -> float:
    """The chance that a row of 1 has a greater score than one of 0; equal ones count a half."""
    _check_binary(Metric.AUC, truths)
    positives = sum(1 for each in truths if each)
    negatives = len(truths) - positives
    if not positives or not negatives:
        raise ValidationError(
            f"compare.metric: auc needs rows of both classes; of {len(truths)} rows that are held "
            f"out, {positives} have a target of 1. Hold out more (compare.held_out)"
        )
    ordered = sorted(zip(scores, truths, strict=True))
    ranks, place = 0.0, 0
    while place < len(ordered):
        end = place
        while end < len(ordered) and ordered[end][0] == ordered[place][0]:
            end += 1
        # places count from 1, and equal scores share the middle of theirs
        rank = (place + 1 + end) / 2
        ranks += rank * sum(1 for _, truth in ordered[place:end] if truth)
        place = end
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def _log_loss(scores: Scores, truths: Sequence[float]) -> float:
    total = 0.0
    for row, truth in zip(scores, truths, strict=True):
        if len(row) == 1:
            _check_binary(Metric.LOG_LOSS, [truth])
            chance = row[0] if truth else 1 - row[0]
        else:
            chance = row[_class_of(truth, len(row))]
        total -= math.log(min(max(chance, _LEAST), 1.0))
    return total / len(truths)


def _is_right(row: Sequence[float], truth: float) -> bool:
    if len(row) == 1:
        _check_binary(Metric.ACCURACY, [truth])
        return (row[0] >= 0.5) == bool(truth)
    return max(range(len(row)), key=row.__getitem__) == _class_of(truth, len(row))


def _error(score: float, truth: float) -> float:
    return abs(score - truth)


def _positive(metric: Metric, scores: Scores) -> list[float]:
    """The probability of 1 of each row."""
    return [row[1] if len(row) == 2 else row[0] for row in scores if _fits(metric, row, (1, 2))]


def _single(metric: Metric, scores: Scores) -> list[float]:
    return [row[0] for row in scores if _fits(metric, row, (1,))]


def _fits(metric: Metric, row: Sequence[float], counts: tuple[int, ...]) -> bool:
    if len(row) not in counts:
        known = " or ".join(map(str, counts))
        raise ValidationError(
            f"compare.metric: {metric} needs models of {known} outputs, and one has {len(row)}: "
            "take log_loss or accuracy for several classes"
        )
    return True


def _check_binary(metric: Metric, truths: Sequence[float]) -> None:
    wrong = next((each for each in truths if each not in (0, 1)), None)
    if wrong is not None:
        raise ValidationError(
            f"compare.metric: {metric} needs a target of 0 and 1, and a row has {wrong:g}: take "
            "mae for numbers"
        )


def _class_of(truth: float, count: int) -> int:
    if truth != int(truth) or not 0 <= truth < count:
        raise ValidationError(
            f"target: {truth:g} is no class of a model with {count} outputs: classes are whole "
            f"numbers from 0 to {count - 1}"
        )
    return int(truth)
