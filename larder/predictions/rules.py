"""What a prediction may be. Problems are named by the members of its file."""

from __future__ import annotations

from collections.abc import Iterator

from larder.pipelines.durations import MINUTE, text_of
from larder.predictions.definition import (
    LEAST_EVERY,
    MOST_EVERY,
    VERSION_FEATURE,
    Prediction,
)
from larder.predictions.release import SNAPSHOT, SPECIFICATION
from larder.problems import Problem, shown

_MOST_SHARE = 100


def prediction_problems(prediction: Prediction) -> Iterator[Problem]:
    """Everything that is wrong with a prediction."""
    yield from _of_times(prediction)
    yield from _of_scores(prediction)
    if prediction.target.group == prediction.source:
        text = "Member must be another group than source.group: scores would be scored next"
        yield Problem(("target", "group"), text, shown(prediction.target.group))
    for path, share in ((("tolerate",), prediction.tolerated), (("expect",), prediction.refused)):
        if share > _MOST_SHARE:
            yield Problem(path, "Member must be a share, at most 100%", shown(f"{share:g}%"))


def _of_times(prediction: Prediction) -> Iterator[Problem]:
    every = prediction.schedule.every
    if every is not None and (not LEAST_EVERY <= every <= MOST_EVERY or every % MINUTE):
        text = f"Member must be whole minutes, from {text_of(LEAST_EVERY)} to {text_of(MOST_EVERY)}"
        yield Problem(("schedule", "every"), text, shown(text_of(every)))
    if prediction.freshness is not None and every is not None and prediction.freshness < every:
        text = f"Member must be at least schedule.every, which is {text_of(every)}"
        yield Problem(("freshness",), text, shown(text_of(prediction.freshness)))


def _of_scores(prediction: Prediction) -> Iterator[Problem]:
    target = prediction.target
    taken = {target.identifier, target.event_time, VERSION_FEATURE, SNAPSHOT, SPECIFICATION}
    if target.identifier == target.event_time:
        text = "Member must differ from record_identifier"
        yield Problem(("target", "event_time"), text, shown(target.event_time))
    for place, score in enumerate(prediction.scores):
        if score.name in taken:
            text = f"Member must differ from all of [{', '.join(sorted(taken))}]"
            yield Problem(("scores", place, "name"), text, shown(score.name))
        taken.add(score.name)
        if score.collection is not None and len(prediction.scores) > 1:
            text = "Member must be left out with several scores: a List takes all outputs"
            yield Problem(("scores", place, "collection"), text, shown(score.collection))
