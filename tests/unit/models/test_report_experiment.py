"""Reports of experiments, over DuckDB in Athena's place: the SQL itself runs."""

import json
from dataclasses import asdict

import pytest

from larder.errors import ResourceNotFound, ValidationError
from larder.models.experiment_sql import Window
from larder.models.report_experiment import LabelTable, report
from tests.support.exposure_rows import Exposures

BOTH = {"A": 70.0, "B": 30.0}


@pytest.fixture
def exposures():
    return Exposures()


def window(**changes):
    return Window(**{"database": "larder_dev", "endpoint": "scoring"} | changes)


def filled(exposures, a=70, b=30):
    for number in range(a + b):
        variant = "A" if number < a else "B"
        score = 0.1 if variant == "A" else 0.2
        exposures.add(f"i{number}", f"u{number}", variant, BOTH, score=score)
    return exposures


def test_units_exposures_and_scores_by_variant(exposures):
    filled(exposures)
    exposures.add("i0-again", "u0", "A", BOTH, score=0.3)
    got = report(exposures, window())
    assert (got.units, got.control) == (100, "A")
    told = [(each.name, each.units, each.expected, each.exposures) for each in got.variants]
    assert told == [("A", 70, 70.0, 71), ("B", 30, 30.0, 30)]
    assert got.split.p_value == 1.0
    first = got.variants[0].scores
    assert (first.count, first.least, first.greatest) == (71, 0.1, 0.3)
    assert got.variants[1].scores.mean == pytest.approx(0.2)


def test_a_split_against_the_weights_is_suspect(exposures):
    assert report(filled(exposures, 400, 600), window()).split.is_suspect


def test_weights_that_changed_are_counted_by_the_units_first_request(exposures):
    for number in range(100):
        exposures.add(f"i{number}", f"u{number}", "A", {"A": 1.0, "B": 0.0})
    for number in range(100, 200):
        variant = "A" if number % 2 else "B"
        exposures.add(f"i{number}", f"u{number}", variant, {"A": 1.0, "B": 1.0})
    got = report(exposures, window())
    assert [each.expected for each in got.variants] == [150.0, 50.0]
    assert got.split.p_value == 1.0


def test_a_unit_counts_for_the_variant_that_it_met_first(exposures):
    filled(exposures, 3, 1)
    exposures.add("late", "u0", "B", BOTH, at="2026-11-28T00:00:00.000Z")
    got = report(exposures, window())
    assert [(each.units, each.moved) for each in got.variants] == [(3, 1), (1, 0)]


def test_requests_without_a_unit_count_one_by_one_and_forced_ones_not_at_all(exposures):
    exposures.add("i1", None, "A", BOTH)
    exposures.add("i2", None, "A", BOTH)
    exposures.add("i1", None, "A", BOTH)  # the caller's own repetition
    exposures.add("i3", None, "B", BOTH, forced=1)
    assert report(exposures, window()).units == 2


def test_a_shadow_has_scores_and_no_units(exposures):
    filled(exposures, 2, 2)
    exposures.add("i0", "u0", "Shadow", {}, shadow=1, score=0.9)
    got = report(exposures, window())
    shadow = got.variants[-1]
    assert (shadow.shadow, shadow.units, shadow.exposures, shadow.scores.mean) == (True, 0, 1, 0.9)
    assert got.units == 4


def test_a_score_that_is_no_number_is_left_out_of_the_distribution(exposures):
    exposures.add("i1", "u1", "A", BOTH, score=float("nan"))
    exposures.add("i2", "u2", "A", BOTH, score=None)
    exposures.add("i3", "u3", "A", BOTH, score=0.5)
    [got] = report(exposures, window()).variants
    assert (got.exposures, got.scores.count, got.scores.mean) == (3, 1, 0.5)


def test_a_window_has_its_first_instant_and_not_its_last(exposures):
    for hour in range(4):
        exposures.add(f"i{hour}", f"u{hour}", "A", BOTH, at=f"2026-11-27T0{hour}:00:00.000Z")
    within = window(since="2026-11-27T01:00:00.000Z", until="2026-11-27T03:00:00.000Z")
    assert report(exposures, within).units == 2


@pytest.mark.parametrize("form", ["mapping", "table"])
def test_labels_are_compared_by_the_mean_of_each_unit(exposures, form):
    filled(exposures, 60, 40)
    exposures.add("second", "u0", "A", BOTH)
    labels = {f"i{n}": float(n % 2) for n in range(100)} | {"second": 1.0, "stranger": 9.0}
    given = labels
    if form == "table":
        exposures.labels(labels)
        given = LabelTable("larder_dev", "labels")
    got = report(exposures, window(), given)
    one, other = (each.label for each in got.variants)
    assert (one.count, other.count) == (60, 40)
    assert one.mean == pytest.approx((29 * 0 + 0.5 + 30) / 60)
    difference = got.differences["B"]
    assert difference.difference == pytest.approx(0.5 - one.mean)
    assert difference.low < difference.difference < difference.high


def test_an_endpoint_without_exposures_is_said_to_have_none(exposures):
    filled(exposures)
    with pytest.raises(ResourceNotFound, match="no exposure of endpoint other"):
        report(exposures, window(endpoint="other"))


def test_a_control_that_no_unit_met_is_refused(exposures):
    with pytest.raises(ValidationError, match="there are A, B"):
        report(filled(exposures), window(), control="C")


def test_names_reach_the_sql_as_literals(exposures):
    with pytest.raises(ResourceNotFound):
        report(exposures, window(endpoint="x' OR '1'='1"))


def test_a_report_is_json(exposures):
    got = report(filled(exposures), window(), {"i1": 1.0})
    assert json.loads(json.dumps(asdict(got)))["units"] == 100
