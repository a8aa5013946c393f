"""What a run found, as values and as the document that is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson

from larder.formats import MEMBER, Format, known_members
from larder.monitoring.documents import (
    statistics_from,
    statistics_json,
    violations_from,
    violations_json,
)
from larder.monitoring.judge import ColumnDrift
from larder.monitoring.statistics import Statistics
from larder.monitoring.violations import Violation
from larder.monitoring.window import Cadence

FORMAT: Final = Format("monitoring-run")
_SCHEDULED: Final = ("schedule", "definition", "failure")
"""Members that a run without a schedule has not."""


@dataclass(frozen=True, slots=True)
class SplitFound:
    """Units by the variant that each met first, those expected by the weights, and the p-value."""

    units: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRun:
    """One variant: its statistics against the version of the baseline that the run pinned.

    ``subject`` is whose baseline it is. ``baseline`` is empty where the model has none; ``note``
    says so. ``unjudged`` columns had too few values.
    """

    variant: str
    shadow: bool
    model: str
    subject: str = ""
    baseline: str = ""
    training_set: str = ""
    statistics: Statistics | None = None
    drifts: tuple[ColumnDrift, ...] = ()
    unjudged: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run. ``violations`` are those of all variants and of the endpoint as a whole.

    ``start`` and ``end`` are ISO 8601; ``at`` is when it ran, in microseconds since the epoch.
    ``schedule`` and its job ``definition`` are empty where it ran without one. ``failure`` says why
    nothing was judged.
    """

    endpoint: str
    cadence: Cadence
    window: str
    start: str
    end: str
    at: int
    exposures: int
    split: SplitFound | None = None
    variants: tuple[VariantRun, ...] = ()
    violations: tuple[Violation, ...] = field(default=())
    schedule: str = ""
    definition: str = ""
    failure: str = ""


def run_json(run: RunReport) -> bytes:
    """The document of a run."""
    return orjson.dumps({MEMBER: FORMAT.newest, **run_members(run)}, option=orjson.OPT_INDENT_2)


def run_members(run: RunReport) -> dict[str, Any]:
    """The members of a run's document; statistics and violations as SageMaker has them."""
    given = {name: value for name, value in asdict(run).items() if value or name not in _SCHEDULED}
    return {
        **given,
        "variants": [
            {
                **asdict(each),
                "violations": orjson.loads(violations_json(each.violations))["violations"],
                "statistics": None
                if each.statistics is None
                else orjson.loads(statistics_json(each.statistics)),
            }
            for each in run.variants
        ],
        "violations": orjson.loads(violations_json(run.violations))["violations"],
    }


def run_from(body: bytes) -> RunReport:
    """The run of its document.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    document = orjson.loads(body)
    label = f"run {document.get('window')} of endpoint {document.get('endpoint')}"
    FORMAT.check(label, document.get(MEMBER))
    split = document.get("split")
    return RunReport(
        **known_members(RunReport, document)
        | {
            "cadence": FORMAT.value(label, Cadence, document["cadence"]),
            "split": None if split is None else SplitFound(**known_members(SplitFound, split)),
            "variants": tuple(map(_variant, document["variants"])),
            "violations": _violations(document["violations"]),
        }
    )


def _variant(given: Mapping[str, Any]) -> VariantRun:
    statistics = given.get("statistics")
    return VariantRun(
        **known_members(VariantRun, given)
        | {
            "statistics": None if statistics is None else statistics_from(orjson.dumps(statistics)),
            "drifts": tuple(ColumnDrift(**known_members(ColumnDrift, d)) for d in given["drifts"]),
            "unjudged": tuple(given["unjudged"]),
            "violations": _violations(given["violations"]),
        }
    )


def _violations(given: Any) -> tuple[Violation, ...]:  # noqa: ANN401 - parsed JSON
    return violations_from(orjson.dumps({"violations": given}))
