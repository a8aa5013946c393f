"""Schedules of monitoring behind an unmodified boto3 client: what they judge, and their answers."""

import json
from datetime import UTC, datetime

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from larder.monitoring.adapters.duckdb_rows import open_rows
from larder.monitoring.columns import watched_columns
from larder.monitoring.constraints import Thresholds, suggested
from larder.monitoring.documents import constraints_json, statistics_json
from larder.monitoring.measure import measured
from tests.support.monitoring import RELATION, batch_of, model
from tests.support.schedules import (
    BUCKET,
    HOUR,
    START,
    World,
    definition_request,
    schedule_request,
)

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
NOON = START + 12 * HOUR


def vectors(seed, rows=3_000, shift=0.0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.beta(2, 5, rows), rng.normal(10 + shift, 4, rows)])


def documents(shift=0.0, names=("share", "delay")):
    """Statistics of such rows, and the constraints that they suggest."""
    inputs = [each for each in watched_columns(model(*names)) if each.place]
    found = measured(open_rows([batch_of(vectors(1, 10_000, shift))]), RELATION, inputs)
    return statistics_json(found), constraints_json(suggested(found))


@pytest.fixture
def make(sagemaker_door):
    _, served = sagemaker_door
    with mock_aws():

        def make(**package):
            sets = {"june": vectors(2, 10_000)}
            package.setdefault("metadata", {"larder:training-set": "june"})
            world = World(boto3.client("s3"), sets, package)
            served["handler"] = world.control
            return world

        yield make


@pytest.fixture
def world(make):
    return make()


@pytest.fixture
def sm(sagemaker_door):
    return sagemaker_door[0]


def scheduled(sm, expression="cron(0 * ? * * *)", baseline=None, name="watch", **times):
    sm.create_data_quality_job_definition(**definition_request(baseline=baseline))
    return sm.create_monitoring_schedule(**schedule_request(name, expression, **times))


def executions(sm, **members):
    return sm.list_monitoring_executions(**members)["MonitoringExecutionSummaries"]


def refused(code, call, **members):
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def moment(micros):
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def test_an_hourly_schedule_judges_hours_and_its_executions_are_listed(world, sm):
    arn = scheduled(sm)["MonitoringScheduleArn"]
    assert arn == f"{ARN}monitoring-schedule/watch"
    assert executions(sm, MonitoringScheduleName="watch") == []
    world.exposed.add(vectors(3), at=NOON + 5)
    world.exposed.add(vectors(4, shift=3.0), at=NOON + HOUR + 5)
    world.go(1)
    world.go(1)
    found = executions(sm, MonitoringScheduleName="watch")
    assert [(each["MonitoringExecutionStatus"], each["ScheduledTime"]) for each in found] == [
        ("CompletedWithViolations", moment(NOON + 2 * HOUR)),
        ("Completed", moment(NOON + HOUR)),
    ]
    assert found[0]["MonitoringJobDefinitionName"] == "quality"
    described = sm.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert described["LastMonitoringExecutionSummary"] == found[0]
    assert described["MonitoringScheduleStatus"] == "Scheduled"
    assert described["EndpointName"] == "scoring"


def test_a_runs_documents_are_put_where_the_definition_asks_for_them(world, sm):
    scheduled(sm)
    world.exposed.add(vectors(4, shift=3.0), at=NOON + 5)
    world.go(1)
    day = f"{moment(NOON):%Y/%m/%d}"
    folder = f"transforms/reports/scoring/watch/{day}/13/"
    assert world.keys(folder) == ["constraint_violations.json", "run.json"]
    body = world.s3.get_object(Bucket="lake", Key=f"{folder}constraint_violations.json")["Body"]
    assert {each["feature_name"] for each in json.loads(body.read())["violations"]} == {"delay"}


def test_a_definitions_baseline_is_what_is_judged_by(world, sm):
    statistics, constraints = documents(shift=3.0)
    baseline = {
        "StatisticsResource": {"S3Uri": world.put("a/statistics.json", statistics, "theirs")},
        "ConstraintsResource": {"S3Uri": world.put("a/constraints.json", constraints, "theirs")},
    }
    scheduled(sm, baseline=baseline)
    world.exposed.add(vectors(4, shift=3.0), at=NOON + 5)
    [run] = [each for each in world.go(1).runs if each.schedule == "watch"]
    assert run.violations == ()
    assert run.variants[0].training_set == "s3://theirs/a/statistics.json"


def test_constraints_alone_go_with_the_models_own_baseline(world, sm):
    inputs = [each for each in watched_columns(model("share", "delay")) if each.place]
    found = measured(open_rows([batch_of(vectors(1, 10_000))]), RELATION, inputs)
    lax = constraints_json(suggested(found, Thresholds(stability=50.0, distance=1.0, outside=1.0)))
    place = world.put("transforms/constraints.json", lax)
    scheduled(sm, baseline={"ConstraintsResource": {"S3Uri": place}})
    world.exposed.add(vectors(4, shift=3.0), at=NOON + 5)
    [run] = [each for each in world.go(1).runs if each.schedule == "watch"]
    assert (run.violations, run.variants[0].training_set) == ((), "june")


def test_a_schedule_stands_in_for_what_comes_without_one_and_stopping_it_stops_that(world, sm):
    without = {each.cadence for each in world.go().runs}
    assert without == {"hourly", "daily"}
    scheduled(sm)
    sm.stop_monitoring_schedule(MonitoringScheduleName="watch")
    described = sm.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert described["MonitoringScheduleStatus"] == "Stopped"
    assert world.go(1).runs == []
    assert {each.cadence for each in world.go(24).runs} == {"daily"}
    sm.start_monitoring_schedule(MonitoringScheduleName="watch")
    assert [each.schedule for each in world.go(1).runs] == ["watch"]
    sm.delete_monitoring_schedule(MonitoringScheduleName="watch")
    assert {each.schedule for each in world.go(1).runs} == {""}  # with those of before


def test_a_daily_schedule_has_days_that_begin_at_its_hour(world, sm):
    scheduled(sm, "cron(0 7 ? * * *)")
    [day] = [each for each in world.go(24).runs if each.schedule == "watch"]
    assert (day.start[11:13], day.end[11:13]) == ("07", "07")
    [found] = executions(sm)
    assert found["ScheduledTime"] == moment(START + 31 * HOUR)


def test_now_judges_one_window_once_and_again_when_it_is_started_again(world, sm):
    world.exposed.add(vectors(4, shift=3.0), at=NOON - HOUR)
    scheduled(sm, "NOW", DataAnalysisStartTime="-PT2H", DataAnalysisEndTime="-PT0H")
    asked = [each for each in world.go().runs if each.cadence == "asked"]
    assert [each.schedule for each in asked] == ["watch"]
    assert [each for each in world.go(0.3).runs if each.cadence == "asked"] == []
    [found] = executions(sm)
    assert found["MonitoringExecutionStatus"] == "CompletedWithViolations"
    sm.start_monitoring_schedule(MonitoringScheduleName="watch")
    assert [each.cadence for each in world.go().runs] == ["asked"]
    assert len(executions(sm)) == 2


def test_what_can_not_be_judged_is_a_failed_execution_with_its_reason(world, sm):
    statistics, _ = documents()
    place = world.put("transforms/statistics.json", statistics)
    scheduled(sm, baseline={"StatisticsResource": {"S3Uri": place}})
    world.exposed.add(vectors(3), at=NOON + 5)
    world.s3.delete_object(Bucket="lake", Key="transforms/statistics.json")
    done = world.go(1)
    assert "statistics.json does not exist" in done.failed["monitoring schedule watch"]
    assert {each.cadence for each in done.runs} == {"daily"}  # which goes on
    [found] = executions(sm, StatusEquals="Failed")
    assert "statistics.json does not exist" in found["FailureReason"]
    world.put("transforms/statistics.json", statistics)
    world.go(0.25)
    assert executions(sm, StatusEquals="Failed") == []
    [found] = executions(sm)
    assert found["MonitoringExecutionStatus"] == "Completed"


def test_a_model_without_a_baseline_is_a_failed_execution(make, sm):
    world = make(metadata={})
    scheduled(sm)
    world.exposed.add(vectors(3), at=NOON + 5)
    world.go(1)
    [found] = executions(sm)
    assert found["MonitoringExecutionStatus"] == "Failed"
    assert "A: no baseline: make one by larder monitor baseline" in found["FailureReason"]


def test_executions_come_page_by_page_in_the_order_of_their_windows(world, sm):
    scheduled(sm)
    for _ in range(5):
        world.go(1)
    pages = sm.get_paginator("list_monitoring_executions").paginate(
        SortBy="ScheduledTime", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    sizes, times = [], []
    for page in pages:
        sizes.append(len(page["MonitoringExecutionSummaries"]))
        times += [each["ScheduledTime"] for each in page["MonitoringExecutionSummaries"]]
    assert times == [moment(NOON + hour * HOUR) for hour in range(1, 6)]
    assert sizes == [2, 2, 1]
    after = executions(sm, ScheduledTimeAfter=moment(NOON + 4 * HOUR))
    assert [each["ScheduledTime"] for each in after] == [moment(NOON + 5 * HOUR)]
    assert executions(sm, EndpointName="other") == []
    assert "StatusEquals" in refused(
        "ValidationException", sm.list_monitoring_executions, SortBy="Status"
    )


def test_a_schedule_is_described_and_listed_as_it_was_sent_and_updated(world, sm):
    scheduled(sm)
    sent = schedule_request("watch")["MonitoringScheduleConfig"]
    described = sm.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert described["MonitoringScheduleConfig"] == sent
    assert described["MonitoringType"] == "DataQuality"
    daily = schedule_request("watch", "cron(0 0 ? * * *)")
    updated = sm.update_monitoring_schedule(**daily)
    assert updated["MonitoringScheduleArn"] == f"{ARN}monitoring-schedule/watch"
    described = sm.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert described["MonitoringScheduleConfig"] == daily["MonitoringScheduleConfig"]
    [listed] = sm.list_monitoring_schedules(EndpointName="scoring")["MonitoringScheduleSummaries"]
    assert listed["MonitoringJobDefinitionName"] == "quality"
    assert sm.list_monitoring_schedules(StatusEquals="Stopped")["MonitoringScheduleSummaries"] == []
    of_models = sm.list_monitoring_schedules(MonitoringTypeEquals="ModelQuality")
    assert of_models["MonitoringScheduleSummaries"] == []


def test_a_definition_is_described_as_it_was_sent_listed_and_deleted_with_its_last_schedule(
    world,
    sm,
):
    request = definition_request(NetworkConfig={"EnableNetworkIsolation": True})
    arn = sm.create_data_quality_job_definition(**request)["JobDefinitionArn"]
    assert arn == f"{ARN}data-quality-job-definition/quality"
    described = sm.describe_data_quality_job_definition(JobDefinitionName="quality")
    assert {name: described[name] for name in request} == request
    assert described["JobDefinitionArn"] == arn
    [listed] = sm.list_data_quality_job_definitions(NameContains="qual")["JobDefinitionSummaries"]
    assert (listed["MonitoringJobDefinitionArn"], listed["EndpointName"]) == (arn, "scoring")
    sm.create_monitoring_schedule(**schedule_request("watch"))
    delete = sm.delete_data_quality_job_definition
    assert "schedules watch" in refused("ValidationException", delete, JobDefinitionName="quality")
    sm.delete_monitoring_schedule(MonitoringScheduleName="watch")
    delete(JobDefinitionName="quality")
    assert "data-quality-job-definition/quality" in refused(
        "ResourceNotFound", delete, JobDefinitionName="quality"
    )


def test_tags_of_schedules_and_definitions_are_added_listed_and_removed(world, sm):
    definition = sm.create_data_quality_job_definition(
        **definition_request(Tags=[{"Key": "team", "Value": "risk"}])
    )["JobDefinitionArn"]
    schedule = sm.create_monitoring_schedule(**schedule_request())["MonitoringScheduleArn"]
    assert sm.list_tags(ResourceArn=definition)["Tags"] == [{"Key": "team", "Value": "risk"}]
    sm.add_tags(ResourceArn=schedule, Tags=[{"Key": "a", "Value": "b"}])
    assert sm.list_tags(ResourceArn=schedule)["Tags"] == [{"Key": "a", "Value": "b"}]
    sm.add_tags(ResourceArn=f"{ARN}endpoint/scoring", Tags=[{"Key": "c", "Value": "d"}])
    assert sm.list_tags(ResourceArn=f"{ARN}endpoint/scoring")["Tags"][0]["Key"] == "c"
    sm.delete_tags(ResourceArn=schedule, TagKeys=["a"])
    assert sm.list_tags(ResourceArn=schedule)["Tags"] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"baseline": {"StatisticsResource": {"S3Uri": "s3://far/s.json"}}}, "lies below none of"),
        ({"baseline": {"StatisticsResource": {"S3Uri": "s3://lake/transforms/s"}}}, "not exist"),
        ({"baseline": {"StatisticsResource": {"S3Uri": "https://lake/s"}}}, "begin with s3://"),
        ({"baseline": {"BaseliningJobName": "job"}}, "Larder runs no processing jobs"),
        ({"endpoint": "x", "DataQualityJobInput": {}}, "name the endpoint to judge"),
        ({"DataQualityAppSpecification": {"ContainerArguments": ["a"]}}, "runs no container"),
    ],
)
def test_a_definition_that_larder_could_not_follow_is_refused_with_the_cure(
    world,
    sm,
    changes,
    told,
):
    request = definition_request(**changes)
    request["DataQualityAppSpecification"].setdefault("ImageUri", "image")
    assert told in refused("ValidationException", sm.create_data_quality_job_definition, **request)


@pytest.mark.parametrize("address", ["s3://far/reports", f"s3://{BUCKET}/monitoring/runs"])
def test_an_output_outside_the_places_is_refused(world, sm, address):
    """What is put into monitoring's own folder could be taken for a run of its own."""
    request = definition_request()
    output = request["DataQualityJobOutputConfig"]["MonitoringOutputs"][0]["S3Output"]
    output["S3Uri"] = address
    create = sm.create_data_quality_job_definition
    assert address in refused("ValidationException", create, **request)


@pytest.mark.parametrize(
    ("expression", "times", "told"),
    [
        ("cron(0 0/6 ? * * *)", {}, "windows are of an hour or a day"),
        ("cron(0 24 ? * * *)", {}, "windows are of an hour or a day"),
        ("cron(0 * ? * * *)", {"DataAnalysisStartTime": "-PT5H"}, "-PT1H, or left out"),
        ("cron(0 3 ? * * *)", {"DataAnalysisStartTime": "-PT1H"}, "-PT24H, or left out"),
        ("NOW", {"DataAnalysisStartTime": "-PT1H"}, "must not be null where"),
        ("NOW", {"DataAnalysisStartTime": "PT1H", "DataAnalysisEndTime": "-PT0H"}, "ISO 8601"),
        ("NOW", {"DataAnalysisStartTime": "-P2D", "DataAnalysisEndTime": "-PT0H"}, "24 hours"),
        ("NOW", {"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT1H"}, "be before"),
    ],
)
def test_windows_that_larder_has_not_are_refused_with_those_that_it_has(
    world,
    sm,
    expression,
    times,
    told,
):
    request = schedule_request(None, expression, **times)
    assert told in refused("ValidationException", sm.create_monitoring_schedule, **request)


@pytest.mark.parametrize("kind", ["ModelQuality", "ModelBias", "ModelExplainability"])
def test_other_types_of_monitoring_are_refused_with_what_there_is(world, sm, kind):
    request = schedule_request()
    request["MonitoringScheduleConfig"]["MonitoringType"] = kind
    told = refused("ValidationException", sm.create_monitoring_schedule, **request)
    assert "Member must be DataQuality" in told


def test_an_endpoint_has_one_schedule_of_a_cadence(world, sm):
    scheduled(sm)
    create = sm.create_monitoring_schedule
    assert "schedule watch already" in refused("ResourceInUse", create, **schedule_request("other"))
    assert "watch" in refused("ResourceInUse", create, **schedule_request("Watch"))
    create(**schedule_request("daily", "cron(0 0 ? * * *)"))


def test_what_does_not_exist_is_not_found(world, sm):
    create = sm.create_monitoring_schedule
    refused("ResourceNotFound", create, **schedule_request(definition="gone"))
    sm.create_data_quality_job_definition(**definition_request("lost", endpoint="nowhere"))
    told = refused("ValidationException", create, **schedule_request(definition="lost"))
    assert "endpoint/nowhere" in told
    for call in (
        sm.describe_monitoring_schedule,
        sm.start_monitoring_schedule,
        sm.stop_monitoring_schedule,
        sm.delete_monitoring_schedule,
    ):
        refused("ResourceNotFound", call, MonitoringScheduleName="gone")
    refused("ResourceNotFound", sm.list_monitoring_executions, MonitoringScheduleName="gone")


def test_the_package_is_described_with_the_baseline_that_was_made_of_its_training_set(world, sm):
    name = f"{ARN}model-package/churn/7"
    assert "ModelMetrics" not in sm.describe_model_package(ModelPackageName=name)
    world.go()
    described = sm.describe_model_package(ModelPackageName=name)
    quality = described["ModelMetrics"]["ModelDataQuality"]
    assert described["DriftCheckBaselines"]["ModelDataQuality"] == quality
    for member, file in (("Statistics", "statistics"), ("Constraints", "constraints")):
        assert quality[member]["ContentType"] == "application/json"
        bucket, _, key = quality[member]["S3Uri"].removeprefix("s3://").partition("/")
        assert key.endswith(f"/{file}.json")
        body = json.loads(world.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        assert [each["name"] for each in body["features"]] == ["share", "delay"]


def test_what_a_package_names_itself_is_described_as_it_was_sent(make, sm):
    address = {"ContentType": "application/json", "S3Uri": "s3://theirs/s.json"}
    sent = {"ModelDataQuality": {"Statistics": address}, "Bias": {"Report": address}}
    world = make(sent={"ModelMetrics": sent})
    world.go()
    described = sm.describe_model_package(ModelPackageName=f"{ARN}model-package/churn/7")
    assert described["ModelMetrics"] == sent
    assert "ModelDataQuality" in described["DriftCheckBaselines"]


def test_model_quality_is_refused_with_the_command_that_there_is(world, sm):
    request = definition_request()
    told = refused(
        "ValidationException",
        sm.create_model_quality_job_definition,
        JobDefinitionName="quality",
        ModelQualityAppSpecification={"ImageUri": "image"},
        ModelQualityJobInput={"GroundTruthS3Input": {"S3Uri": "s3://lake/labels"}},
        ModelQualityJobOutputConfig=request["DataQualityJobOutputConfig"],
        JobResources=request["JobResources"],
        RoleArn=request["RoleArn"],
    )
    assert "larder monitor quality ENDPOINT --labels NAME" in told
    assert sm.list_model_quality_job_definitions()["JobDefinitionSummaries"] == []
    for call in (
        sm.describe_model_quality_job_definition,
        sm.delete_model_quality_job_definition,
    ):
        refused("ResourceNotFound", call, JobDefinitionName="quality")
