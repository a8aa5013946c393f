"""Quality of predictions, once labels have arrived: by variant, with confidence intervals.

Labels are joined by inference id, whenever they come: a window that is asked for again counts those
that came late. Scores are grouped by their ten thousandth. The area under the curve is exact to
ties of that size, and the result of a query stays small.

Sources: Hanley and McNeil 1982 for the error of the area, Wilson 1927 for shares.
"""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from larder.as_of.text import double, literal, name, table_name
from larder.models.exposure_table import TABLE
from larder.models.report_experiment import QueryRows, Row
from larder.monitoring.window import Window

_Z = NormalDist().inv_cdf(0.975)
_STEPS = 10_000
_LEAST = 1e-7
"""Scores are kept so far from 0 and 1 for the logarithmic loss."""
_BINS = 10


@dataclass(frozen=True, slots=True)
class LabelHistory:
    """Labels of a feature group keyed by inference id, or of another table.

    ``newest`` is the column whose greatest value says which of several labels of one id counts.
    Without it, each id has one label. ``deleted`` is the column that marks tombstones.
    """

    database: str
    table: str
    key: str = "inference_id"
    label: str = "label"
    newest: str | None = None
    deleted: str | None = None

    @property
    def query(self) -> str:
        """One row for each id: ``id`` and ``label``."""
        key, label = name(self.key.lower()), f"CAST({name(self.label.lower())} AS DOUBLE)"
        source = table_name(self.database, self.table)
        if self.newest is None:
            return (
                f"SELECT CAST({key} AS VARCHAR) AS id, MAX({label}) AS label "
                f"FROM {source} GROUP BY {key}"
            )
        newest = name(self.newest.lower())
        gone = f"COALESCE({name(self.deleted)}, FALSE)" if self.deleted else "FALSE"
        value = f"CASE WHEN NOT {gone} THEN {label} END"
        return (
            f"SELECT CAST({key} AS VARCHAR) AS id, MAX_BY({value}, {newest}) AS label "
            f"FROM {source} GROUP BY {key}"
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % confidence interval; ``None`` where there is too little for it."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class VariantQuality:
    """How good one variant's first scores were.

    Attributes:
        variant: its name.
        exposures: how many the window has.
        labelled: how many of them have a label.
        mae: mean absolute error.
        auc: area under the ROC curve; of labels that are 0 or 1 alone, as the rest.
        log_loss: mean logarithmic loss.
        calibration: mean difference of score and label within tenths of the scores, weighted.
        precision: share of positives among scores at or above the threshold.
    """

    variant: str
    exposures: int
    labelled: int
    mae: Estimate
    auc: Estimate
    log_loss: Estimate
    calibration: float | None
    precision: Estimate

    @property
    def joined(self) -> float:
        """The share of exposures that have a label; 0 without exposures."""
        return self.labelled / self.exposures if self.exposures else 0.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Exposures of one variant with about the same score."""

    score: float
    rows: int
    labelled: int
    positives: int
    absolute: float
    squares: float


def quality(
    queries: QueryRows,
    database: str,
    endpoint: str,
    window: Window,
    labels: LabelHistory,
    threshold: float = 0.5,
) -> list[VariantQuality]:
    """The quality of each variant of an endpoint in a window.

    Raises as ``larder.offline.queries.Queries`` does.
    """
    groups: dict[str, list[_Group]] = defaultdict(list)
    binary: dict[str, bool] = defaultdict(lambda: True)
    for row in queries.rows(quality_query(database, endpoint, window, labels)):
        variant = row[0] or ""
        groups[variant].append(_group(row))
        binary[variant] &= int(row[7] or 0) == 0
    return [
        _of_variant(each, groups[each], threshold, is_binary=binary[each])
        for each in sorted(groups)
    ]


def quality_query(database: str, endpoint: str, window: Window, labels: LabelHistory) -> str:
    """By variant and score: rows, labels, positives, errors, and labels that are not 0 or 1."""
    start, end = window.bounds
    score = "element_at(e.scores, 1)"
    return (
        f"WITH labels AS ({labels.query}), scored AS (SELECT e.variant AS variant, "
        f"{score} AS score, l.label AS label FROM {table_name(database, TABLE)} AS e "
        "LEFT JOIN labels AS l ON l.id = e.inference_id "
        f"WHERE e.endpoint = {literal(endpoint)} AND e.shadow = 0 "
        f"AND e.answered_at >= {literal(start)} AND e.answered_at < {literal(end)} "
        f"AND is_finite({score})) "
        "SELECT variant, avg(score), count(*), count(label), count_if(label = 1), "
        "sum(abs(score - label)), sum((score - label) * (score - label)), "
        "count_if(label <> 0 AND label <> 1) "
        f"FROM scored GROUP BY variant, round(score * {double(_STEPS)})"
    )


def _group(row: Row) -> _Group:
    _, score, rows, labelled, positives, absolute, squares, _ = row
    return _Group(
        float(score or 0),
        int(rows or 0),
        int(labelled or 0),
        int(positives or 0),
        float(absolute or 0),
        float(squares or 0),
    )


def _of_variant(
    variant: str, groups: Sequence[_Group], threshold: float, *, is_binary: bool
) -> VariantQuality:
    known = sorted((each for each in groups if each.labelled), key=lambda each: each.score)
    is_binary = is_binary and all(0 <= each.score <= 1 for each in known)
    labelled = sum(each.labelled for each in known)
    nothing = Estimate(None)
    chosen = [each for each in known if each.score >= threshold]
    return VariantQuality(
        variant=variant,
        exposures=sum(each.rows for each in groups),
        labelled=labelled,
        mae=_mean(
            sum(each.absolute for each in known), sum(each.squares for each in known), labelled
        ),
        auc=_area(known) if is_binary else nothing,
        log_loss=_log_loss(known) if is_binary else nothing,
        calibration=_calibration(known) if is_binary and known else None,
        precision=_share(
            sum(each.positives for each in chosen), sum(each.labelled for each in chosen)
        )
        if is_binary
        else nothing,
    )


def _mean(total: float, squares: float, count: int) -> Estimate:
    """A mean with the normal interval of its standard error."""
    if not count:
        return Estimate(None)
    mean = total / count
    if count < 2:
        return Estimate(mean)
    variance = max(0.0, (squares - count * mean * mean) / (count - 1))
    half = _Z * math.sqrt(variance / count)
    return Estimate(mean, mean - half, mean + half)


def _share(count: int, rows: int) -> Estimate:
    """A share with Wilson's interval."""
    if not rows:
        return Estimate(None)
    share, square = count / rows, _Z * _Z
    centre = (share + square / (2 * rows)) / (1 + square / rows)
    spread = math.sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    half = _Z * spread / (1 + square / rows)
    return Estimate(share, centre - half, centre + half)


def _area(groups: Iterable[_Group]) -> Estimate:
    """Pairs of a positive and a negative in the right order; ties count half."""
    positives = negatives = 0
    ordered = 0.0
    for each in groups:
        other = each.labelled - each.positives
        ordered += each.positives * (negatives + other / 2)
        positives, negatives = positives + each.positives, negatives + other
    if not positives or not negatives:
        return Estimate(None)
    area = ordered / (positives * negatives)
    first, second = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area)
    spread += (positives - 1) * (first - area * area) + (negatives - 1) * (second - area * area)
    half = _Z * math.sqrt(max(0.0, spread) / (positives * negatives))
    return Estimate(area, max(0.0, area - half), min(1.0, area + half))


def _log_loss(groups: Iterable[_Group]) -> Estimate:
    total = squares = 0.0
    count = 0
    for each in groups:
        score = min(1 - _LEAST, max(_LEAST, each.score))
        yes, no = -math.log(score), -math.log(1 - score)
        negatives = each.labelled - each.positives
        total += each.positives * yes + negatives * no
        squares += each.positives * yes * yes + negatives * no * no
        count += each.labelled
    return _mean(total, squares, count)


def _calibration(groups: Iterable[_Group]) -> float:
    """Expected calibration error over tenths. Source: Naeini, Cooper and Hauskrecht 2015."""
    bins: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for each in groups:
        found = bins[min(_BINS - 1, int(each.score * _BINS))]
        found[0] += each.labelled
        found[1] += each.labelled * each.score
        found[2] += each.positives
    rows = sum(found[0] for found in bins.values())
    return sum(abs(found[1] - found[2]) for found in bins.values()) / rows
