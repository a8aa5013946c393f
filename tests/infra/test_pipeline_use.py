"""What a stage's pipelines do in a month: the figures that ``larder cost`` reads."""

from dataclasses import replace

import pytest

from larder.pipelines.definition import Consistency, Schedule
from larder.pipelines.durations import DAY, HOUR, MINUTE
from stacks.pipeline_machine import definition
from stacks.pipeline_use import month_of, steps_of, use_of
from tests.support.pipelines import all_functions, pipeline

HOURLY = pipeline(all_functions((DAY,)), HOUR, schedule=Schedule(every=HOUR))


def test_states_are_those_of_a_run_that_does_not_fail():
    machine = definition("steps", "publisher")
    look, chunk = machine["States"], machine["States"]["Chunks"]["ItemProcessor"]["States"]
    assert steps_of(machine).transitions == len(look)
    # all but what marks a failure, what another run has claimed, and what was accepted
    assert steps_of(machine["States"]["Chunks"]["ItemProcessor"]).transitions == (
        len(chunk.keys() - {"Failed", "Taken", "Accept"})
    )


def test_a_run_that_may_use_spark_enters_two_more_states():
    told = use_of([], 1024)
    assert told["spark_run"]["transitions"] == told["run"]["transitions"] + 2


@pytest.mark.parametrize(
    ("schedule", "looks", "runs"),
    [
        (Schedule(every=HOUR), 730, 730),
        (Schedule(every=5 * MINUTE), 8760, 730),
        (Schedule(every=DAY), 730 / 24, 730 / 24),
        (Schedule(every=None, cron="0 3 * * ? *"), 730, 730),
        (Schedule(every=None), 0, 0),
    ],
)
def test_a_run_computes_where_a_look_finds_a_step_that_is_due(schedule, looks, runs):
    found = month_of(replace(HOURLY, schedule=schedule))
    assert (found.looks, found.runs) == pytest.approx((looks, runs))


def test_checks_and_the_age_of_the_data_are_counted_where_they_are_asked_for():
    assert use_of([HOURLY], 1024)["ages"] == 0
    watched = replace(HOURLY, freshness=3 * HOUR, consistency=Consistency(every=DAY))
    told = use_of([watched], 1024)
    assert told["ages"] == 8760
    assert told["declared"][0]["comparisons"] == pytest.approx(730 / 24)
    assert use_of([], 1024)["declared"] == []
