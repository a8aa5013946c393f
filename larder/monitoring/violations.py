"""What a run finds wrong: values that name the feature, the check, the size and the limit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What was checked: SageMaker's names first, then those that it lacks."""

    COMPLETENESS = "completeness_check"
    DRIFT = "baseline_drift_check"
    CATEGORY = "categorical_values_check"
    RANGE = "range_check"
    SPLIT = "split_check"


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation.

    ``feature`` is a column's name, or what else was checked. ``value`` reached ``threshold``.
    ``description`` is one sentence with both. ``variant`` is empty where all are meant.
    """

    feature: str
    check: Check
    description: str
    value: float
    threshold: float
    variant: str = ""
