"""What a consistency check found: values without methods of any cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

Cell = str | int | float | list[str] | list[int] | list[float] | None
"""A feature's value; ``None`` where the feature is absent."""


class Question(StrEnum):
    """What is compared: the left side with the right one."""

    STORE_VS_HISTORY = "store vs history"
    HISTORY_VS_SOURCE = "history vs source"


class Cause(StrEnum):
    """Why two sides differ, or why a record is not compared; only where it is known.

    The first two are no mismatches. ``IN_FLIGHT``: one side has a version that the other one is
    still to get. ``EXPIRED``: the time to live is over.
    """

    IN_FLIGHT = "in flight"
    EXPIRED = "expired"
    LIVE_WRITE = "newer live write"
    OTHER_REVISION = "not published in this revision"
    ONLINE_ALONE = "written to the online store alone"
    NOT_IN_HISTORY = "not in the history"
    NOT_ONLINE = "not in the online store"
    NOT_OF_SOURCE = "the source gives no such row"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that differs, by the text of its record identifier."""

    key: str
    left: Cell
    right: Cell


@dataclass(frozen=True, slots=True)
class FeatureComparison:
    """One feature on both sides.

    Attributes:
        feature: its name.
        compared: how many records were compared.
        mismatch: both sides have a value, and they differ.
        missing: the right side alone has a value.
        extra: the left side alone has a value.
        smape: sum|a-b| / sum(|a|+|b|) over numbers on both sides; ``None`` without any.
        worst: the five cells that differ most; those with one side alone come first.
    """

    feature: str
    compared: int = 0
    mismatch: int = 0
    missing: int = 0
    extra: int = 0
    smape: float | None = None
    worst: tuple[Difference, ...] = ()

    @property
    def different(self) -> int:
        """How many of the cells differ."""
        return self.mismatch + self.missing + self.extra


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question's answer.

    Attributes:
        question: which one.
        compared: how many records were compared.
        features: each feature's figures.
        older: how many online records are older than the newest of the history. That is freshness:
            they are not compared.
        uncompared: how many records were not compared, by cause.
        causes: how many of the records that differ have a known cause, by cause.
    """

    question: Question
    compared: int = 0
    features: tuple[FeatureComparison, ...] = ()
    older: int = 0
    uncompared: dict[str, int] = field(default_factory=dict)
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        """How many cells were compared."""
        return sum(each.compared for each in self.features)

    @property
    def different(self) -> int:
        """How many cells differ."""
        return sum(each.different for each in self.features)


@dataclass(frozen=True, slots=True)
class IntervalTimes:
    """When the rows of one interval were written: its bound, and the lag in seconds."""

    until: str
    rows: int
    late: int
    p50_seconds: float
    p99_seconds: float


@dataclass(frozen=True, slots=True)
class Timeliness:
    """Whether rows were written by their event time. Intervals computed afterwards are left out.

    A row that is ``late`` was not there yet when a label of its event time would see it. The lag
    is write time minus event time, and negative where a row came early.
    """

    rows: int = 0
    late: int = 0
    p50_seconds: float | None = None
    p99_seconds: float | None = None
    intervals: tuple[IntervalTimes, ...] = ()

    @property
    def late_share(self) -> float:
        """The share of late rows; 0 where there are no rows."""
        return self.late / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyReport:
    """The answers for one pipeline at one instant.

    ``at`` is ISO-8601 in UTC. With the same ``salt`` the same identifiers are chosen again.
    """

    pipeline: str
    revision: int
    at: str
    salt: str
    keys: int
    comparisons: tuple[Comparison, ...]
    timeliness: Timeliness
    notes: tuple[str, ...] = ()

    @property
    def cells(self) -> int:
        """How many cells were compared, over both questions."""
        return sum(each.cells for each in self.comparisons)

    @property
    def different(self) -> int:
        """How many cells differ, over both questions."""
        return sum(each.different for each in self.comparisons)

    @property
    def different_share(self) -> float:
        """The share of cells that differ; 0 where none was compared."""
        return self.different / self.cells if self.cells else 0.0
