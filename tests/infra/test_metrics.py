"""The platform's own metrics: each stage has series of its own, and each metric is looked at."""

import json
import re

import pytest

from larder.telemetry.metrics import NAMESPACE, Metric
from tests.infra.templates import text_of


def in_alarms(templates, stage):
    """``(metric, dimensions)`` of every alarm on a metric of ours."""
    for _, _, resource in templates.of_type("AWS::CloudWatch::Alarm", stage):
        properties = resource["Properties"]
        if properties.get("Namespace") == NAMESPACE:
            dimensions = {each["Name"]: each["Value"] for each in properties["Dimensions"]}
            yield properties["MetricName"], dimensions


def in_dashboards(templates, stage):
    """``(metric, dimensions)`` of every line of a graph that shows a metric of ours."""
    for _, _, resource in templates.of_type("AWS::CloudWatch::Dashboard", stage):
        body = json.loads(text_of(resource["Properties"]["DashboardBody"]))
        for widget in body["widgets"]:
            lines = widget["properties"].get("metrics", [])
            for namespace, name, *rest in (line for line in lines if line[0] == NAMESPACE):
                assert namespace == NAMESPACE
                dimensions = [each for each in rest if isinstance(each, str)]
                yield name, dict(zip(dimensions[::2], dimensions[1::2], strict=True))


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_function_knows_the_stage_that_its_metrics_belong_to(templates, stage):
    for _, logical_id, properties in templates.functions(stage):
        if properties["Handler"].startswith("lambdas."):
            assert properties["Environment"]["Variables"]["LARDER_STAGE"] == stage, logical_id


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_metric_is_read_of_one_stage_and_one_function_that_exists(templates, stage):
    read = [*in_alarms(templates, stage), *in_dashboards(templates, stage)]
    assert read
    functions = {
        properties["Handler"].split(".")[1] for _, _, properties in templates.functions(stage)
    }
    for name, dimensions in read:
        of_one = {"Prediction"} if name == "PredictionFailures" else set()
        assert {"Stage", "Function"} <= set(dimensions) <= {"Stage", "Function", *of_one}, name
        assert dimensions["Stage"] == stage, name
        assert dimensions["Function"] in functions, name


def test_each_metric_is_on_the_dashboard_of_prod(templates):
    shown = {name for name, _ in in_dashboards(templates, "prod")}
    assert shown == {str(metric) for metric in Metric}


def test_each_metric_that_breaks_a_promise_has_an_alarm(templates):
    watched = {name for name, _ in in_alarms(templates, "prod")}
    assert watched == {
        "CapturesLost",
        "ExposuresLost",
        "LateEventsDropped",
        "MemoryBreakerOpened",
        "MemoryRepairsFailed",
        "MonitoringBadInputs",
        "MonitoringDriftedFeatures",
        "MonitoringSuspectSplits",
        "OfflineLagMs",
        "ParkedGroups",
        "PipelineFailures",
        "PipelineLatePercent",
        "PipelineMismatchPercent",
        "PredictionFailures",
        "QuarantinedExposures",
        "QuarantinedRecords",
        "ScheduledFailures",
        "ScheduledRuns",
    }


def test_the_alarm_on_offline_lag_is_at_the_promised_minute(templates):
    (alarm,) = (
        resource["Properties"]
        for _, logical_id, resource in templates.of_type("AWS::CloudWatch::Alarm", "prod")
        if logical_id.startswith("OfflineLate")
    )
    assert (alarm["Threshold"], alarm["Statistic"]) == (60_000, "Maximum")


def test_names_of_metrics_are_words_in_camel_case():
    for metric in Metric:
        assert re.fullmatch("([A-Z][a-z]+)+", metric), metric
