"""Statistics, constraints and violations as SageMaker Model Monitor's documents.

Source: Amazon SageMaker AI Developer Guide, the pages "Schema for Statistics", "Schema for
Constraints" and "Schema for Violations". What those documents have no member for is under
``larder``, which their readers pass over. There is no KLL sketch: buckets have fixed edges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, TypeVar

import orjson

from larder.errors import ValidationError
from larder.monitoring.constraints import ColumnConstraints, Constraints, Thresholds
from larder.monitoring.statistics import ColumnStatistics, Statistics
from larder.monitoring.violations import Check, Violation

STATISTICS: Final = "statistics.json"
CONSTRAINTS: Final = "constraints.json"
VIOLATIONS: Final = "constraint_violations.json"
_SAGEMAKERS = {"stability": "comparison_threshold", "domain": "domain_content_threshold"}
"""Thresholds that SageMaker has a member for, by ours."""
_OWN = ("distance", "completeness", "outside", "least_rows")
_ENABLED, _DISABLED = "Enabled", "Disabled"
_Json = Mapping[str, Any]
T = TypeVar("T")


def statistics_json(statistics: Statistics) -> bytes:
    """``statistics.json`` of some rows."""
    return _bytes(
        {
            "version": 0.0,
            "dataset": {"item_count": statistics.rows},
            "features": [_statistics(each) for each in statistics.columns],
        }
    )


def statistics_from(body: bytes) -> Statistics:
    """The statistics of a ``statistics.json``; those that Larder did not write lack some numbers.

    Raises:
        ValidationError: it is no such document.
    """
    return _read(body, STATISTICS, _statistics_of)


def constraints_json(constraints: Constraints) -> bytes:
    """``constraints.json``."""
    thresholds = constraints.thresholds
    return _bytes(
        {
            "version": 0.0,
            "features": [_constraints(each) for each in constraints.columns],
            "monitoring_config": {
                "evaluate_constraints": _ENABLED if constraints.is_judged else _DISABLED,
                "emit_metrics": _ENABLED,
                "domain_content_threshold": thresholds.domain,
                "distribution_constraints": {
                    "perform_comparison": _ENABLED,
                    "comparison_threshold": thresholds.stability,
                    "comparison_method": "Robust",
                },
                "larder": {name: getattr(thresholds, name) for name in _OWN},
            },
        }
    )


def constraints_from(body: bytes) -> Constraints:
    """The constraints of a ``constraints.json``, which people may edit.

    Raises:
        ValidationError: it is no such document, or a threshold is unknown or no number.
    """
    return _read(body, CONSTRAINTS, _constraints_of)


def violations_json(violations: Iterable[Violation]) -> bytes:
    """``constraint_violations.json``."""
    return _bytes({"violations": [_violation(each) for each in violations]})


def violations_from(body: bytes) -> tuple[Violation, ...]:
    """The violations of a ``constraint_violations.json`` that Larder wrote.

    Raises:
        ValidationError: it is no such document.
    """
    return _read(body, VIOLATIONS, _violations_of)


def _read(body: bytes, what: str, read: Callable[[_Json], T]) -> T:
    try:
        return read(orjson.loads(body))
    except ValidationError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValidationError(
            f"{what} can't be read ({type(error).__name__}: {error}): give a document as "
            f"larder monitor baseline or SageMaker Model Monitor writes it."
        ) from error


def _statistics(column: ColumnStatistics) -> dict[str, Any]:
    common = {"num_present": column.present, "num_missing": column.missing}
    own: dict[str, Any] = {"distinct": column.distinct, "low": column.low, "high": column.high}
    if column.is_category:
        return {
            "name": column.name,
            "inferred_type": "String",
            "string_statistics": {"common": common, **_texts(column)},
            "larder": {**own, "others": column.others, "stray": column.stray},
        }
    return {
        "name": column.name,
        "inferred_type": "Integral" if column.integral else "Fractional",
        "numerical_statistics": {"common": common, **_numbers(column)},
        "larder": {**own, "edges": column.edges},
    }


def _texts(column: ColumnStatistics) -> dict[str, Any]:
    pairs = zip(column.values, column.counts, strict=True)
    buckets = [{"value": value, "count": count} for value, count in pairs]
    return {
        "distinct_count": column.distinct,
        "distribution": {"categorical": {"buckets": buckets}},
    }


def _numbers(column: ColumnStatistics) -> dict[str, Any]:
    return {
        "mean": column.mean,
        "sum": None if column.mean is None else column.mean * column.present,
        "std_dev": column.deviation,
        "min": column.minimum,
        "max": column.maximum,
        "distribution": {"kll": {"buckets": _buckets(column)}},
    }


def _buckets(column: ColumnStatistics) -> list[dict[str, Any]]:
    """The outer bounds are the least and the greatest value."""
    bounds = (column.minimum, *column.edges, column.maximum)
    return [
        {"lower_bound": low, "upper_bound": high, "count": count}
        for low, high, count in zip(bounds, bounds[1:], column.counts, strict=False)
    ]


def _statistics_of(document: _Json) -> Statistics:
    columns = tuple(_column_of(each) for each in document["features"])
    return Statistics(int(document["dataset"]["item_count"]), columns)


def _column_of(given: _Json) -> ColumnStatistics:
    own = given.get("larder") or {}
    numbers, texts = given.get("numerical_statistics"), given.get("string_statistics")
    common = (numbers or texts or {})["common"]
    found = {
        "name": given["name"],
        "present": int(common["num_present"]),
        "missing": int(common["num_missing"]),
        "distinct": int(own.get("distinct") or 0),
        "low": int(own.get("low") or 0),
        "high": int(own.get("high") or 0),
        "integral": given.get("inferred_type") == "Integral",
    }
    if texts is None:
        return ColumnStatistics(**found, **_numbers_of(numbers or {}, own.get("edges")))
    buckets = texts["distribution"]["categorical"]["buckets"]
    return ColumnStatistics(
        **found,
        counts=tuple(int(each["count"]) for each in buckets),
        values=tuple(str(each["value"]) for each in buckets),
        others=int(own.get("others") or 0),
        stray=own.get("stray"),
    )


def _numbers_of(numbers: _Json, edges: Sequence[float] | None) -> dict[str, Any]:
    buckets = numbers["distribution"]["kll"]["buckets"]
    if edges is None:
        edges = [each["lower_bound"] for each in buckets[1:]]
    return {
        "minimum": numbers.get("min"),
        "maximum": numbers.get("max"),
        "mean": numbers.get("mean"),
        "deviation": numbers.get("std_dev"),
        "edges": tuple(map(float, edges)),
        "counts": tuple(int(each["count"]) for each in buckets),
    }


def _constraints(column: ColumnConstraints) -> dict[str, Any]:
    kind = "Integral" if column.integral else "Fractional"
    found: dict[str, Any] = {
        "name": column.name,
        "inferred_type": "String" if column.domain else kind,
        "completeness": column.completeness,
    }
    if column.domain:
        found["string_constraints"] = {"domains": list(column.domain)}
    else:
        found["num_constraints"] = {"is_non_negative": column.non_negative}
    if column.overrides:
        found["monitoringConfigOverrides"] = {
            _SAGEMAKERS.get(name, name): value for name, value in column.overrides.items()
        }
    return found


def _constraints_of(document: _Json) -> Constraints:
    config = document.get("monitoring_config") or {}
    shift = config.get("distribution_constraints") or {}
    given = {
        **(config.get("larder") or {}),
        "stability": shift.get("comparison_threshold"),
        "domain": config.get("domain_content_threshold"),
    }
    return Constraints(
        columns=tuple(map(_column_constraints, document["features"])),
        thresholds=Thresholds(**_thresholds(given, "monitoring_config")),
        is_judged=config.get("evaluate_constraints", _ENABLED) != _DISABLED,
    )


def _column_constraints(given: _Json) -> ColumnConstraints:
    ours = {theirs: name for name, theirs in _SAGEMAKERS.items()}
    overrides = {
        ours.get(name, name): value
        for name, value in (given.get("monitoringConfigOverrides") or {}).items()
    }
    return ColumnConstraints(
        name=str(given["name"]),
        completeness=float(given["completeness"]),
        non_negative=bool((given.get("num_constraints") or {}).get("is_non_negative")),
        domain=tuple(map(str, (given.get("string_constraints") or {}).get("domains") or ())),
        integral=given.get("inferred_type") == "Integral",
        overrides=_thresholds(overrides, f"features.{given['name']}.monitoringConfigOverrides"),
    )


def _thresholds(given: _Json, where: str) -> dict[str, Any]:
    """Thresholds that are given; an unknown one is refused, because it would not be followed."""
    known = {each.name for each in fields(Thresholds)}
    found = {}
    for name, value in given.items():
        if value is None:
            continue
        if name not in known:
            raise ValidationError(
                f"{where}: {name[:60]!r} is no threshold; there are {', '.join(sorted(known))}."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValidationError(f"{where}.{name}: {value!r} is no number from 0 on.")
        found[name] = int(value) if name == "least_rows" else float(value)
    return found


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "feature_name": violation.feature,
        "constraint_check_type": str(violation.check),
        "description": violation.description,
        "larder": {
            "value": violation.value,
            "threshold": violation.threshold,
            "variant": violation.variant,
        },
    }


def _violations_of(document: _Json) -> tuple[Violation, ...]:
    return tuple(
        Violation(
            feature=each["feature_name"],
            check=Check(each["constraint_check_type"]),
            description=each["description"],
            value=float(each["larder"]["value"]),
            threshold=float(each["larder"]["threshold"]),
            variant=str(each["larder"].get("variant") or ""),
        )
        for each in document["violations"]
    )


def _bytes(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
