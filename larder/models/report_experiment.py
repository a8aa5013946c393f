"""The report of an experiment: what ``larder experiment report`` says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from larder.errors import ResourceNotFound, ValidationError
from larder.models.experiment import (
    Difference,
    Gathered,
    Sample,
    SplitTest,
    difference,
    split_test,
)
from larder.models.experiment_sql import Window

Row = Sequence[str | None]


class QueryRows(Protocol):
    """Rows that a query gives, as texts."""

    def rows(self, sql: str) -> Iterable[Row]:
        """Run a query; its rows. Raises as ``larder.offline.queries.Queries`` does."""


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Labels in a table of the catalog, with columns ``inference_id`` and ``label``."""

    database: str
    table: str


Labels = LabelTable | Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """The distribution of a variant's first scores; ``None`` where it has none."""

    count: int
    mean: float | None
    deviation: float | None
    least: float | None
    p5: float | None
    median: float | None
    p95: float | None
    greatest: float | None


@dataclass(frozen=True, slots=True)
class VariantReport:
    """One variant: its share of the weights now, its units, its exposures, its scores.

    ``moved`` units met another variant too. A shadow has no units. ``label`` is of the units' mean
    labels.
    """

    name: str
    shadow: bool
    expected: float
    units: int
    moved: int
    exposures: int
    scores: ScoreSummary
    label: Sample | None = None


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """An experiment. ``differences`` are of variants against ``control``, by name."""

    endpoint: str
    units: int
    variants: Sequence[VariantReport]
    split: SplitTest
    control: str
    differences: Mapping[str, Difference]


@dataclass(slots=True)
class _Units:
    """Units by first variant, and how many of them the weights promised it."""

    found: dict[str, int]
    moved: dict[str, int]
    expected: dict[str, float]


def report(
    queries: QueryRows, window: Window, labels: Labels | None = None, control: str = ""
) -> ExperimentReport:
    """The report of a window.

    The control is the variant with the most units, unless it is named; ties go by name.

    Raises:
        ResourceNotFound: the window has no exposure.
        ValidationError: there is no variant of the control's name.
    """
    units = _units(queries.rows(window.units()))
    control = _control(window, units, control)
    samples = {} if labels is None else _samples(queries, window, labels)
    differences = {
        name: difference(sample, samples[control])
        for name, sample in samples.items()
        if name != control and control in samples
    }
    return ExperimentReport(
        endpoint=window.endpoint,
        units=sum(units.found.values()),
        variants=_variants(queries.rows(window.scores()), units, samples),
        split=split_test(units.found, units.expected),
        control=control,
        differences=differences,
    )


def _control(window: Window, units: _Units, named: str) -> str:
    if not units.found:
        raise ResourceNotFound(
            f"There is no exposure of endpoint {window.endpoint} in that time: exposures reach "
            f"the table within minutes of their requests."
        )
    if named and named not in units.found:
        raise ValidationError(
            f"--control: no unit met a variant {named!r}; there are {', '.join(units.found)}."
        )
    return named or max(sorted(units.found), key=lambda name: units.found[name])


def _units(rows: Iterable[Row]) -> _Units:
    """Units, and what was expected: where weights changed, by those of each unit's first request.

    A unit falls by the weights of its time, so the expectations of all times add up.
    """
    units = _Units({}, {}, defaultdict(float))
    totals: dict[str, int] = defaultdict(int)
    for variant, weights, count, moved in rows:
        name = variant or ""
        units.found[name] = units.found.get(name, 0) + int(count or 0)
        units.moved[name] = units.moved.get(name, 0) + int(moved or 0)
        totals[weights or "{}"] += int(count or 0)
    for text, total in totals.items():
        weights_of = orjson.loads(text)
        whole = sum(weights_of.values())
        for name, weight in weights_of.items():
            units.expected[name] += total * weight / whole if whole else 0.0
    return units


def _variants(
    rows: Iterable[Row], units: _Units, samples: Mapping[str, Sample]
) -> list[VariantReport]:
    found = []
    for variant, shadow, exposures, scored, mean, deviation, least, most, *points in rows:
        name, is_shadow = variant or "", shadow == "1"
        p5, median, p95 = map(_number, points)
        summary = ScoreSummary(
            int(scored or 0),
            _number(mean),
            _number(deviation),
            _number(least),
            p5,
            median,
            p95,
            _number(most),
        )
        found.append(
            VariantReport(
                name=name,
                shadow=is_shadow,
                expected=0.0 if is_shadow else units.expected.get(name, 0.0),
                units=0 if is_shadow else units.found.get(name, 0),
                moved=0 if is_shadow else units.moved.get(name, 0),
                exposures=int(exposures or 0),
                scores=summary,
                label=None if is_shadow else samples.get(name),
            )
        )
    return found


def _samples(queries: QueryRows, window: Window, labels: Labels) -> dict[str, Sample]:
    if isinstance(labels, LabelTable):
        rows = queries.rows(window.labelled(labels.database, labels.table))
        return {
            variant or "": Sample(int(count or 0), _number(mean) or 0.0, _number(variance) or 0.0)
            for variant, count, mean, variance in rows
        }
    of_units: dict[tuple[str, str], Gathered] = defaultdict(Gathered)
    for variant, unit, inference_id in queries.rows(window.asked()):
        label = labels.get(inference_id or "")
        if label is not None:
            of_units[variant or "", unit or ""].add(label)
    by_variant: dict[str, Gathered] = defaultdict(Gathered)
    for (variant, _), gathered in of_units.items():
        by_variant[variant].add(gathered.mean)
    return {variant: gathered.sample for variant, gathered in by_variant.items()}


def _number(text: str | None) -> float | None:
    return None if text is None or text == "" else float(text)
