"""What a training may be. Problems are named by the members of its file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

from larder.errors import ValidationError
from larder.pipelines.durations import MINUTE, SECOND, text_of
from larder.problems import Problem, shown
from larder.tabular.zones import zone_of
from larder.trainings.definition import LEAST_EVERY, MOST_EVERY, Rule, StepKind, Training
from larder.trainings.runs import LONGEST_FUNCTION, LONGEST_JOB

_FUNCTION: Final = re.compile(
    r"(arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9_$-]+)?",
    re.ASCII,
)
_JOB: Final = re.compile(
    r"(arn:aws[a-z-]*:glue:[a-z0-9-]+:[0-9]{12}:job/)?[a-zA-Z0-9_. -]{1,255}", re.ASCII
)
_READS: Final = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_MOST_HELD_OUT: Final = 50


def training_problems(
    training: Training, pipelines: Collection[str] | None, *, two_persons: bool
) -> Iterator[Problem]:
    """Everything that is wrong with a training; ``pipelines`` may be unknown."""
    yield from _of_labels(training)
    yield from _of_step(training)
    yield from _of_triggers(training, pipelines)
    held_out = training.comparison.held_out
    if not 0 < held_out <= _MOST_HELD_OUT:
        text = f"Member must be a share above 0%, at most {_MOST_HELD_OUT}%"
        yield Problem(("compare", "held_out"), text, shown(f"{held_out:g}%"))
    if two_persons and training.rule is Rule.WHEN_BETTER:
        text = (
            "Member must be pending: this stage asks for another approver than the author "
            "(models.two_persons), and a training is both"
        )
        yield Problem(("approval",), text, shown(training.rule))


def _of_labels(training: Training) -> Iterator[Problem]:
    sql = training.labels.sql
    if ";" in sql.strip().rstrip(";") or not _READS.match(sql):
        text = "Member must be one statement that begins with SELECT or WITH"
        yield Problem(("training_set", "labels", "query"), text, shown(sql))
    if training.time_zone is not None:
        try:
            zone_of(training.time_zone)
        except ValidationError as error:
            yield Problem(("training_set", "time_zone"), str(error))
    if training.target == training.event_time:
        text = "Member must differ from training_set.event_time: a time is no truth to learn"
        yield Problem(("target",), text, shown(training.target))


def _of_step(training: Training) -> Iterator[Problem]:
    step = training.step
    is_job = step.kind is StepKind.JOB
    pattern, longest = (_JOB, LONGEST_JOB) if is_job else (_FUNCTION, LONGEST_FUNCTION)
    if pattern.fullmatch(step.name) is None:
        text = f"Member must be a name or an ARN of a {'Glue job' if is_job else 'Lambda function'}"
        yield Problem(("train", str(step.kind)), text, shown(step.name))
    if not SECOND <= step.timeout <= longest:
        text = f"Member must be from 1s to {text_of(longest)}, the longest that a {step.kind} runs"
        yield Problem(("train", "timeout"), text, shown(text_of(step.timeout)))


def _of_triggers(training: Training, pipelines: Collection[str] | None) -> Iterator[Problem]:
    schedule = training.triggers.schedule
    every = schedule.every if schedule else None
    if every is not None and (not LEAST_EVERY <= every <= MOST_EVERY or every % MINUTE):
        text = f"Member must be whole minutes, from {text_of(LEAST_EVERY)} to {text_of(MOST_EVERY)}"
        yield Problem(("triggers", "schedule", "every"), text, shown(text_of(every)))
    for place, name in enumerate(training.triggers.new_data):
        if pipelines is not None and name not in pipelines:
            near = get_close_matches(name, pipelines, n=3)
            hint = f": did you mean {' or '.join(near)}?" if near else ""
            text = f"Member must be a feature group that a pipeline of this stage writes{hint}"
            yield Problem(("triggers", "new_data", place), text, shown(name))
    for place, name in enumerate(training.triggers.alarms):
        if "**" in name or "\\" in name or not name.strip("*"):
            text = "Member must be an alarm's name, in which a single * matches any text"
            yield Problem(("triggers", "alarms", place), text, shown(name))
