"""R5, over the kind: whatever a schedule calls is watched, for failing, failing in part, and rest."""

import re

import pytest

SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


def schedules(templates, stage):
    """``(rule, seconds, function's logical id, its program)`` of every schedule."""
    programs = {
        logical_id: properties["Handler"].split(".")[1]
        for _, logical_id, properties in templates.functions(stage)
    }
    for _, rule, resource in templates.of_type("AWS::Events::Rule", stage):
        rate = re.fullmatch(r"rate\((\d+) (\w+?)s?\)", resource["Properties"]["ScheduleExpression"])
        for target in resource["Properties"]["Targets"]:
            (function, _) = target["Arn"]["Fn::GetAtt"]
            yield rule, int(rate[1]) * SECONDS[rate[2]], function, programs[function]


def alarms(templates, stage, metric):
    """Properties of the stage's alarms on a metric."""
    return [
        resource["Properties"]
        for _, _, resource in templates.of_type("AWS::CloudWatch::Alarm", stage)
        if resource["Properties"].get("MetricName") == metric
    ]


def of_program(found, stage, program):
    """The one alarm of those whose metric a function of the stage writes."""
    (alarm,) = (
        each
        for each in found
        if {(one["Name"], one["Value"]) for one in each["Dimensions"]}
        == {("Stage", stage), ("Function", program)}
    )
    return alarm


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_there_are_schedules_and_no_function_has_two(templates, stage):
    called = [function for _, _, function, _ in schedules(templates, stage)]
    assert len(called) >= 4
    assert len(set(called)) == len(called)  # their metrics would add up


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_scheduled_run_that_fails_rings(templates, stage):
    errors = str(alarms(templates, stage, "Errors"))
    for rule, _, function, _ in schedules(templates, stage):
        assert function.rstrip("0123456789ABCDEF") in errors, rule


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_scheduled_run_that_fails_in_part_rings_until_one_does_not(templates, stage):
    found = alarms(templates, stage, "ScheduledFailures")
    for rule, _, _, program in schedules(templates, stage):
        alarm = of_program(found, stage, program)
        assert alarm["Namespace"] == "Larder", rule
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold", rule
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1), rule
        assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "ignore"), rule


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_schedule_that_does_not_run_rings(templates, stage):
    found = alarms(templates, stage, "ScheduledRuns")
    for rule, seconds, _, program in schedules(templates, stage):
        alarm = of_program(found, stage, program)
        assert alarm["ComparisonOperator"] == "LessThanThreshold", rule
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 1), rule
        assert alarm["TreatMissingData"] == "breaching", rule
        # a period of one interval may lie between two runs
        assert 2 * seconds <= alarm["Period"] <= max(300, 2 * seconds), rule


def test_the_alarms_of_schedules_notify(templates):
    for metric in ("ScheduledFailures", "ScheduledRuns"):
        assert all(alarm["AlarmActions"] for alarm in alarms(templates, "prod", metric))
