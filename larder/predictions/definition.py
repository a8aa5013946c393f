"""What a prediction is: which model scores which records, when, and where its scores go.

All instants and lengths of time are whole microseconds; instants count from the epoch in UTC. A run
is known by its instant alone, a whole minute: the event time of every row that it publishes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.checks.expectation import Expectation
from larder.pipelines.definition import Schedule
from larder.pipelines.durations import DAY, MINUTE

LEAST_EVERY, MOST_EVERY = 5 * MINUTE, 31 * DAY
SHARD_ROWS = 50_000
MOST_SHARD_ROWS = 200_000
MOST_SCORES = 1_000
VERSION_FEATURE = "model_version"
"""The feature of a target group that says which version made a score: ``credit/7``."""


class Choice(StrEnum):
    """How a version of a model is chosen when a run begins."""

    APPROVED = "approved"
    ALIAS = "alias"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A version of a model package group.

    Attributes:
        group: the model package group.
        choice: the newest approved version, that of an alias, or one that is named.
        alias: the alias's name, such as ``champion``.
        version: the number that is named.
    """

    group: str
    choice: Choice = Choice.APPROVED
    alias: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """One feature of the target group that a model's output fills.

    A List takes all outputs of a row. Otherwise scores take one output each, in their order.
    """

    name: str
    type: FeatureType = FeatureType.FRACTIONAL
    collection: CollectionType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The feature group that scores are published in, by the names of its features.

    ``is_made`` says that a deployment makes it; otherwise it exists, and its features must fit.
    """

    group: str
    identifier: str
    identifier_type: FeatureType
    event_time: str
    is_made: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One prediction.

    Attributes:
        name: its name, and by default that of the group that it publishes.
        model: which version scores.
        source: the feature group whose current records are scored.
        target: the group that scores go to.
        scores: what each row gets, in the order of the model's outputs.
        schedule: when runs begin; a run is of the minute in which it begins.
        expect: what all scores of a run must be like to be published.
        tolerated: how many per cent of shards may fail.
        refused: how many per cent of records may lack what the model needs.
        drift: the greatest PSI of a score against the last published run, if it is judged.
        shard_rows: about how many records are scored at once.
        freshness: how old the newest published run may be before an alarm goes off.
        revision: grows when earlier runs are to be scored again from new snapshots.
    """

    name: str
    model: ModelChoice
    source: str
    target: Target
    scores: tuple[Score, ...]
    schedule: Schedule = field(default_factory=lambda: Schedule(None))
    expect: tuple[Expectation, ...] = ()
    tolerated: int | float = 0
    refused: int | float = 0
    drift: int | float | None = None
    shard_rows: int = SHARD_ROWS
    freshness: int | None = None
    owner: str | None = None
    description: str | None = None
    revision: int = 1
    place: str = field(default="", compare=False)

    @property
    def identifier(self) -> str:
        """The column of staged scores that names a record."""
        return self.target.identifier

    @property
    def group(self) -> str:
        """The name by which the ledger knows it."""
        return self.name
