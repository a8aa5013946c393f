"""Documents in SageMaker Model Monitor's shapes, written and read again."""

import json

import numpy as np
import pytest

from larder.errors import ValidationError
from larder.monitoring.columns import Column
from larder.monitoring.constraints import suggested
from larder.monitoring.documents import (
    constraints_from,
    constraints_json,
    statistics_from,
    statistics_json,
    violations_from,
    violations_json,
)
from larder.monitoring.violations import Check, Violation
from tests.support.monitoring import statistics

COLUMNS = (Column("seats", 1, integral=True), Column("carrier", 2, ("AA", "DL")), Column("late", 0))


@pytest.fixture
def some():
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.integers(50, 300, 500), rng.integers(0, 2, 500)]).astype(float)
    rows[:20, 0] = np.nan
    return statistics(rows, COLUMNS, scores=rng.random(500))[0]


def test_statistics_are_read_as_they_were_written(some):
    assert statistics_from(statistics_json(some)) == some


def test_statistics_have_sagemakers_members(some):
    document = json.loads(statistics_json(some))
    assert (document["version"], document["dataset"]) == (0.0, {"item_count": 500})
    seats, carrier, _ = document["features"]
    assert (seats["name"], seats["inferred_type"]) == ("seats", "Integral")
    numbers = seats["numerical_statistics"]
    assert numbers["common"] == {"num_present": 480, "num_missing": 20}
    assert {"mean", "sum", "std_dev", "min", "max"} < numbers.keys()
    buckets = numbers["distribution"]["kll"]["buckets"]
    assert sum(each["count"] for each in buckets) == 480
    assert buckets[0].keys() == {"lower_bound", "upper_bound", "count"}
    texts = carrier["string_statistics"]
    assert carrier["inferred_type"] == "String"
    assert [each["value"] for each in texts["distribution"]["categorical"]["buckets"]] == [
        "AA",
        "DL",
    ]


def test_statistics_that_model_monitor_wrote_are_read():
    given = {
        "version": 0.0,
        "dataset": {"item_count": 10},
        "features": [
            {
                "name": "x",
                "inferred_type": "Fractional",
                "numerical_statistics": {
                    "common": {"num_present": 9, "num_missing": 1},
                    "mean": 1.5,
                    "sum": 13.5,
                    "std_dev": 0.5,
                    "min": 1.0,
                    "max": 3.0,
                    "distribution": {
                        "kll": {
                            "buckets": [
                                {"lower_bound": 1.0, "upper_bound": 2.0, "count": 5},
                                {"lower_bound": 2.0, "upper_bound": 3.0, "count": 4},
                            ],
                            "sketch": {"parameters": {"c": 0.64, "k": 2048}, "data": [[]]},
                        }
                    },
                },
            }
        ],
    }
    [column] = statistics_from(json.dumps(given)).columns
    assert (column.edges, column.counts, column.missing) == ((2.0,), (5, 4), 1)


def test_constraints_are_read_as_they_were_written(some):
    given = suggested(some)
    assert constraints_from(constraints_json(given)) == given
    document = json.loads(constraints_json(given))
    assert document["features"][1]["string_constraints"] == {"domains": ["AA", "DL"]}
    assert document["features"][0]["num_constraints"] == {"is_non_negative": True}
    config = document["monitoring_config"]
    assert config["distribution_constraints"]["comparison_threshold"] == 0.1


def test_a_persons_threshold_counts_for_all_and_for_one_column(some):
    document = json.loads(constraints_json(suggested(some)))
    document["monitoring_config"]["distribution_constraints"]["comparison_threshold"] = 0.3
    document["features"][0]["monitoringConfigOverrides"] = {"comparison_threshold": 0.02}
    found = constraints_from(json.dumps(document))
    assert found.thresholds.stability == 0.3
    assert found.thresholds_of(found.columns[0]).stability == 0.02


@pytest.mark.parametrize(
    ("override", "cure"),
    [({"comparison_treshold": 1}, "no threshold"), ({"stability": "high"}, "no number from 0 on")],
)
def test_a_threshold_that_would_not_be_followed_is_refused(some, override, cure):
    document = json.loads(constraints_json(suggested(some)))
    document["features"][0]["monitoringConfigOverrides"] = override
    with pytest.raises(ValidationError, match=cure):
        constraints_from(json.dumps(document))


@pytest.mark.parametrize("body", [b"", b"[]", b'{"features": [{}]}'])
def test_what_is_no_document_is_refused(body):
    for read in (statistics_from, constraints_from, violations_from):
        with pytest.raises(ValidationError, match="can't be read"):
            read(body)


def test_violations_have_sagemakers_members():
    found = Violation("seats", Check.DRIFT, "seats moved", 0.5, 0.1)
    [document] = json.loads(violations_json([found]))["violations"]
    assert document["feature_name"] == "seats"
    assert document["constraint_check_type"] == "baseline_drift_check"
    assert document["description"] == "seats moved"
    assert violations_from(violations_json([found])) == (found,)
