"""What an invocation answers: a score or an error for each instance, and what its features were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from larder.models.assignment import UnitSource
from larder.models.served import Cell, Variant


class Show(StrEnum):
    """Which features an answer describes: none, those not OK, or all."""

    NONE = "none"
    ISSUES = "issues"
    ALL = "all"


class Status(StrEnum):
    """What became of one input of one instance."""

    OK = "OK"
    OVERRIDDEN = "OVERRIDDEN"
    MISSING = "MISSING"
    DEFAULTED = "DEFAULTED"
    STALE = "STALE"
    THROTTLED = "THROTTLED"
    ERROR = "ERROR"


@dataclass(slots=True)
class FeatureState:
    """One input's status; ``value`` and ``event_time`` are the stored record's, as texts.

    ``group`` is the feature group that it was read from, empty where the request gave the value.
    """

    status: Status
    value: object = None
    event_time: str | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class InstanceError:
    """Why an instance has no score. ``status`` is 400 (input), 404 (no record) or 503 (store)."""

    code: str
    message: str
    status: int


@dataclass(slots=True)
class Scored:
    """One instance's answer. ``score`` has several values where the model has several outputs.

    ``vector`` is what the model was given. ``event_times`` are those of the records that were read,
    by group and key field. ``shadows`` are the shadow variants that it goes to: each with its own
    vector, or the code of an error. Where no rule foresaw it, its place comes last.
    """

    variant: Variant
    score: float | Sequence[float] | None = None
    error: InstanceError | None = None
    features: dict[str, FeatureState] = field(default_factory=dict)
    vector: Sequence[Cell] = ()
    event_times: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    shadows: Sequence[tuple[Variant, Sequence[Cell], str, str]] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answers to an invocation's instances, in their order.

    ``variants`` are those that served, in the order of the configuration.
    ``objectives`` has each one's objective in XGBoost's words, by its name.
    """

    scored: Sequence[Scored]
    variants: Sequence[Variant]
    config: str
    unit_source: UnitSource
    objectives: dict[str, str]

    @property
    def failed(self) -> InstanceError | None:
        """Where no instance was scored, why: the error of the greatest status, the first of it.

        A store that did not answer counts most, for the same request may succeed later.
        """
        errors = [each.error for each in self.scored if each.error is not None]
        if not errors or len(errors) < len(self.scored):
            return None
        return max(errors, key=lambda each: each.status)
