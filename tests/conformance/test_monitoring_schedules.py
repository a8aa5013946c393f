"""Monitoring schedules and job definitions: requests, states, lists, tags and refusals."""

import pytest

from tests.conformance.model_store import variant
from tests.conformance.refusals import refusal

HOURLY, DAILY = "cron(0 * ? * * *)", "cron(0 0 ? * * *)"


class Watched:
    """An endpoint, and what a test makes to have it watched."""

    def __init__(self, models, endpoint):
        self.models, self.sm, self.endpoint = models, models.sm, endpoint

    def definition_request(self, name, **members):
        output = {
            "S3Uri": f"s3://{self.models.bucket}/transforms/{name}",
            "LocalPath": "/opt/ml/processing/output",
        }
        cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
        source = {"EndpointName": self.endpoint, "LocalPath": "/opt/ml/processing/input"}
        return {
            "JobDefinitionName": name,
            "DataQualityAppSpecification": {"ImageUri": "analyzer"},
            "DataQualityJobInput": {"EndpointInput": source},
            "DataQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
            "JobResources": {"ClusterConfig": cluster},
            "RoleArn": self.models.store.role,
            **members,
        }

    def define(self, **members):
        name = self.models.names("quality")
        self.sm.create_data_quality_job_definition(**self.definition_request(name, **members))
        return name

    def schedule_request(self, definition, expression, **times):
        return {
            "MonitoringScheduleName": self.models.names("watch"),
            "MonitoringScheduleConfig": {
                "ScheduleConfig": {"ScheduleExpression": expression, **times},
                "MonitoringJobDefinitionName": definition,
                "MonitoringType": "DataQuality",
            },
        }

    def schedule(self, definition, expression=HOURLY, **times):
        request = self.schedule_request(definition, expression, **times)
        self.sm.create_monitoring_schedule(**request)
        return request["MonitoringScheduleName"]

    def described(self, name):
        return self.sm.describe_monitoring_schedule(MonitoringScheduleName=name)


@pytest.fixture
def watched(models, regression):
    """A new endpoint: an endpoint has one schedule of a cadence."""
    endpoint = models.serve(variant(regression))
    return Watched(models, endpoint)


def test_row_313_a_definition_is_described_as_it_was_sent(watched):
    name = watched.models.names("quality")
    request = watched.definition_request(name, NetworkConfig={"EnableNetworkIsolation": True})
    arn = watched.sm.create_data_quality_job_definition(**request)["JobDefinitionArn"]
    assert arn.endswith(f":data-quality-job-definition/{name}")
    described = watched.sm.describe_data_quality_job_definition(JobDefinitionName=name)
    assert {member: described[member] for member in request} == request
    listed = watched.sm.list_data_quality_job_definitions(NameContains=name)
    [found] = listed["JobDefinitionSummaries"]
    assert (found["MonitoringJobDefinitionArn"], found["EndpointName"]) == (arn, watched.endpoint)
    watched.sm.delete_data_quality_job_definition(JobDefinitionName=name)
    error = refusal(
        watched.sm.describe_data_quality_job_definition, JobDefinitionName=name
    ).response["Error"]
    assert error["Code"] == "ResourceNotFound"


def test_row_314_a_schedule_is_created_described_stopped_started_and_deleted(watched):
    definition = watched.define()
    name = watched.schedule(definition)
    described = watched.described(name)
    assert described["MonitoringScheduleStatus"] in ("Pending", "Scheduled")
    assert described["MonitoringType"] == "DataQuality"
    assert described["EndpointName"] == watched.endpoint
    config = described["MonitoringScheduleConfig"]
    assert config["ScheduleConfig"]["ScheduleExpression"] == HOURLY
    assert config["MonitoringJobDefinitionName"] == definition
    watched.sm.stop_monitoring_schedule(MonitoringScheduleName=name)
    assert watched.described(name)["MonitoringScheduleStatus"] == "Stopped"
    watched.sm.start_monitoring_schedule(MonitoringScheduleName=name)
    assert watched.described(name)["MonitoringScheduleStatus"] == "Scheduled"
    changed = watched.schedule_request(definition, DAILY) | {"MonitoringScheduleName": name}
    watched.sm.update_monitoring_schedule(**changed)
    assert (
        watched.described(name)["MonitoringScheduleConfig"] == changed["MonitoringScheduleConfig"]
    )
    watched.sm.delete_monitoring_schedule(MonitoringScheduleName=name)
    error = refusal(watched.sm.describe_monitoring_schedule, MonitoringScheduleName=name)
    assert error.response["Error"]["Code"] == "ResourceNotFound"


def test_row_315_schedules_are_listed_by_endpoint_definition_status_and_page(watched):
    definition = watched.define()
    names = {watched.schedule(definition, each) for each in (HOURLY, DAILY)}
    pages = watched.sm.get_paginator("list_monitoring_schedules").paginate(
        EndpointName=watched.endpoint,
        MonitoringJobDefinitionName=definition,
        PaginationConfig={"PageSize": 1},
    )
    found = [each for page in pages for each in page["MonitoringScheduleSummaries"]]
    assert {each["MonitoringScheduleName"] for each in found} == names
    stopped = watched.sm.list_monitoring_schedules(
        EndpointName=watched.endpoint, StatusEquals="Stopped"
    )
    assert stopped["MonitoringScheduleSummaries"] == []


def test_row_316_a_schedule_without_runs_has_no_executions(watched):
    name = watched.schedule(watched.define())
    listed = watched.sm.list_monitoring_executions(MonitoringScheduleName=name)
    assert listed["MonitoringExecutionSummaries"] == []
    assert "LastMonitoringExecutionSummary" not in watched.described(name)


def test_row_317_schedules_and_definitions_have_tags(watched):
    tags = [{"Key": "team", "Value": "risk"}]
    name = watched.schedule(watched.define(Tags=tags))
    arn = watched.described(name)["MonitoringScheduleArn"]
    watched.sm.add_tags(ResourceArn=arn, Tags=tags)
    assert watched.sm.list_tags(ResourceArn=arn)["Tags"] == tags
    watched.sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert watched.sm.list_tags(ResourceArn=arn)["Tags"] == []


def test_row_318_what_does_not_exist_or_exists_already_is_refused(watched):
    definition = watched.define()
    name = watched.schedule(definition)
    request = watched.schedule_request(definition, DAILY) | {"MonitoringScheduleName": name}
    taken = refusal(watched.sm.create_monitoring_schedule, **request).response["Error"]
    assert taken["Code"] == "ResourceInUse"
    gone = watched.models.names("gone")
    for call in (watched.sm.start_monitoring_schedule, watched.sm.stop_monitoring_schedule):
        error = refusal(call, MonitoringScheduleName=gone).response["Error"]
        assert error["Code"] == "ResourceNotFound"


def test_row_319_windows_that_there_are_not_are_refused(watched):
    request = watched.schedule_request(watched.define(), "cron(0/5 * ? * * *)")
    error = refusal(watched.sm.create_monitoring_schedule, **request).response["Error"]
    assert error["Code"] == "ValidationException"
