"""What a baseline promises of each column, and how much less is still no violation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from larder.monitoring.statistics import ColumnStatistics, Statistics

MOST_DOMAIN = 1_000
"""Texts of a category that constraints list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which size on a difference is a violation. All but the last are shares or distances.

    Attributes:
        stability: of the population stability index; SageMaker's ``comparison_threshold``.
        distance: of the Jensen-Shannon distance.
        completeness: how much larger the share of missing values is than the baseline's.
        domain: the share of values outside a category's texts; ``domain_content_threshold``.
        outside: the share of values outside the baseline's range.
        least_rows: below so many values nothing is judged, since chance alone differs as much.
    """

    stability: float = 0.1
    distance: float = 0.15
    completeness: float = 0.01
    domain: float = 0.01
    outside: float = 0.01
    least_rows: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnConstraints:
    """What one column promises.

    ``completeness`` is the share of rows with a value. ``domain`` has a category's texts.
    ``overrides`` replace thresholds for this column, by their names.
    """

    name: str
    completeness: float
    non_negative: bool = False
    domain: tuple[str, ...] = ()
    integral: bool = False
    overrides: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """All columns' promises, and the thresholds of those without their own."""

    columns: tuple[ColumnConstraints, ...]
    thresholds: Thresholds = Thresholds()
    is_judged: bool = True
    """Whether violations are looked for: SageMaker's ``evaluate_constraints``."""

    def of(self, name: str) -> ColumnConstraints | None:
        """The column's promises, if it has any."""
        return next((each for each in self.columns if each.name == name), None)

    def thresholds_of(self, column: ColumnConstraints) -> Thresholds:
        """The thresholds that count for a column."""
        return replace(self.thresholds, **column.overrides)  # type: ignore[arg-type]


def suggested(statistics: Statistics, thresholds: Thresholds | None = None) -> Constraints:
    """The constraints that a baseline's statistics suggest."""
    columns = tuple(_suggested(each) for each in statistics.columns)
    return Constraints(columns=columns, thresholds=thresholds or Thresholds())


def _suggested(column: ColumnStatistics) -> ColumnConstraints:
    return ColumnConstraints(
        name=column.name,
        completeness=column.completeness,
        non_negative=column.minimum is not None and column.minimum >= 0,
        domain=column.values[:MOST_DOMAIN],
        integral=column.integral,
    )
