"""What a training is, as its file says it. Lengths of time are microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from larder.pipelines.definition import Schedule
from larder.pipelines.durations import HOUR, MINUTE

LONGEST_NAME: Final = 40
"""Of a training: its sets are named by it and by the run, in at most 63 characters."""
LEAST_EVERY: Final = 15 * MINUTE
MOST_EVERY: Final = 31 * 24 * HOUR
MOST_GROUPS: Final = 20
CHAMPION: Final = "champion"
"""The alias of the version that candidates are compared with."""


class Metric(StrEnum):
    """What two models are compared by."""

    AUC = "auc"
    LOG_LOSS = "log_loss"
    MAE = "mae"
    ACCURACY = "accuracy"

    @property
    def grows(self) -> bool:
        """Whether a greater value is a better one."""
        return self in (Metric.AUC, Metric.ACCURACY)


class Rule(StrEnum):
    """Who approves a candidate: a person, or the comparison where the candidate is better."""

    PENDING = "pending"
    WHEN_BETTER = "when_better"


class StepKind(StrEnum):
    """What trains."""

    FUNCTION = "function"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Labels:
    """A query that gives the labels, in Athena's SQL, and the tables that it reads."""

    sql: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPart:
    """What a training takes of a feature group, in the words of training sets."""

    group: str
    features: tuple[str, ...] | None = None
    key: str | None = None
    look_back: int | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep:
    """A Lambda function or a Glue job, by name or ARN, and the longest time that it may take."""

    kind: StepKind
    name: str
    timeout: int
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTarget:
    """The group of model packages that candidates are registered in, and their container."""

    group: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a candidate is judged.

    ``held_out`` is the share of the latest rows, in percent, that no training sees. The candidate
    is better where the metric is better by more than ``margin``.
    """

    metric: Metric
    held_out: float = 20
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Triggers:
    """What begins a run, beside a person.

    ``new_data`` are pipelines whose publications do, ``alarms`` are names of CloudWatch's.
    """

    schedule: Schedule | None = None
    new_data: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training of one file. ``target`` is the label column with the truth."""

    name: str
    labels: Labels
    event_time: str
    groups: tuple[GroupPart, ...]
    target: str
    step: TrainingStep
    model: PackageTarget
    comparison: Comparison
    rule: Rule = Rule.PENDING
    triggers: Triggers = Triggers()
    time_zone: str | None = None
    owner: str | None = None
    description: str | None = None
