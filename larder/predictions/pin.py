"""What a run works with, chosen once: a snapshot of its source and a version of its model.

A run is known by its prediction, revision and instant. All that score it, however often, have the
same pin. So the bytes of its scores are the same, by schedule, by hand and again.
"""

from __future__ import annotations

from dataclasses import dataclass

from larder.groups.feature_group import FeatureDefinition
from larder.models.served import FeatureSpec, ServedModel
from larder.predictions.definition import Score, Target

MOST_SHARDS = 1_000
"""More shards would not fit into what a state of the machine may hand on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a run works with.

    Attributes:
        as_of: the run's instant, in microseconds since the epoch.
        group: the model package group.
        version: the version in it.
        model: that version, with its artefacts' SHA-256 and its feature specification.
        source: the feature group that is scored, and ``uid`` which one of that name.
        snapshot: the Iceberg snapshot that is read; ``None`` where the table was never written.
        database: where the table is.
        table: its name in the catalog.
        columns: the columns of that snapshot.
        read: the features that are read: the identifier, the event time, and the model's inputs.
        since: event times before this are expired records (nanoseconds); ``None`` without TTL.
        shards: in how many parts it is scored.
        created: when the source was created, in microseconds since the epoch.
        scores: what each row gets.
        target: the names of the columns of scores, and where they go.
    """

    as_of: int
    group: str
    version: int
    model: ServedModel
    source: str
    uid: str
    snapshot: int | None
    database: str
    table: str
    columns: frozenset[str]
    read: tuple[FeatureDefinition, ...]
    since: int | None
    shards: int
    created: int
    scores: tuple[Score, ...]
    target: Target

    @property
    def features(self) -> FeatureSpec:
        """The model's specification; a model without one is not pinned."""
        assert self.model.features is not None  # noqa: S101 (choosing it has seen to it)
        return self.model.features

    @property
    def label(self) -> str:
        """The version as scores carry it: ``credit/7``."""
        return f"{self.group}/{self.version}"


def shards_of(rows: int, shard_rows: int) -> int:
    """How many shards a table of so many versions of records is cut into, at least one."""
    return max(1, min(MOST_SHARDS, -(-rows // shard_rows)))
