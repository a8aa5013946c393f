"""Nothing that a stream says is lost: retries, halving, spilling with full records, alarms."""

import json
from collections import Counter

import pytest


def mappings(templates, stage="prod"):
    """Every event source whose changes must not be lost, by its function."""
    found = consumers(templates, stage)
    return {name: each for name, each in found.items() if not name.startswith("MemoryProjector")}


def consumers(templates, stage="prod"):
    """Every event source by its function."""
    return {
        resource["Properties"]["FunctionName"]["Ref"]: resource["Properties"]
        for _, _, resource in templates.of_type("AWS::Lambda::EventSourceMapping", stage)
    }


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_batches_are_retried_halved_and_spilled_before_the_stream_forgets(templates, stage):
    for function, properties in mappings(templates, stage).items():
        assert properties["StartingPosition"] == "TRIM_HORIZON", function
        assert properties["BisectBatchOnFunctionError"] is True, function
        assert properties["MaximumRetryAttempts"] == -1, function
        assert properties["MaximumRecordAgeInSeconds"] == 72_000, function
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"], function


def test_a_spilled_batch_lands_in_the_bucket_with_its_records(templates):
    # A queue or a topic would keep a pointer into a stream that forgets after 24 hours.
    for function, properties in mappings(templates).items():
        destination = properties["DestinationConfig"]["OnFailure"]["Destination"]
        assert "OfflineStore" in str(destination), function
        assert "Bucket83908E77Arn" in str(destination), function


@pytest.mark.parametrize(("stage", "of_records"), [("dev", 1), ("prod", 2)])
def test_no_stream_has_more_than_two_consumers(templates, stage, of_records):
    sources = [str(each["EventSourceArn"]) for each in consumers(templates, stage).values()]
    count = Counter("Records" if "Records" in each else "Registry" for each in sources)
    assert count == {"Records": of_records, "Registry": 1}


def test_the_projector_takes_records_of_the_tier_alone_while_a_repair_is_of_use(templates):
    (properties,) = (
        each for name, each in consumers(templates).items() if name.startswith("MemoryProjector")
    )
    (pattern,) = (json.loads(each["Pattern"]) for each in properties["FilterCriteria"]["Filters"])
    assert pattern == {"dynamodb": {"NewImage": {"m": {"N": [{"exists": True}]}}}}
    assert properties["MaximumBatchingWindowInSeconds"] <= 1
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["MaximumRetryAttempts"] == -1
    assert properties["MaximumRecordAgeInSeconds"] == 600
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "DestinationConfig" not in properties  # an entry that was not repaired expires


def test_the_offline_writer_takes_large_batches_within_the_promised_minute(templates):
    (properties,) = (
        each for name, each in mappings(templates).items() if name.startswith("OfflineWriter")
    )
    assert properties["BatchSize"] == 10_000
    assert 0 < properties["MaximumBatchingWindowInSeconds"] <= 30


def test_only_removals_that_dynamodb_made_of_records_reach_the_offline_writer(templates):
    (properties,) = (
        each for name, each in mappings(templates).items() if name.startswith("OfflineWriter")
    )
    patterns = [json.loads(each["Pattern"]) for each in properties["FilterCriteria"]["Filters"]]
    assert {"eventName": ["INSERT", "MODIFY"]} in patterns
    (removal,) = (each for each in patterns if each["eventName"] == ["REMOVE"])
    assert removal["userIdentity"]["principalId"] == ["dynamodb.amazonaws.com"]
    assert removal["dynamodb"]["Keys"]["pk"]["S"] == [{"prefix": "R#"}]
    assert len(patterns) == 2


def test_live_groups_and_models_alone_reach_the_lifecycle(templates):
    (properties,) = (
        each for name, each in mappings(templates).items() if name.startswith("Lifecycle")
    )
    patterns = [json.loads(each["Pattern"]) for each in properties["FilterCriteria"]["Filters"]]
    assert all(each["eventName"] == ["INSERT", "MODIFY"] for each in patterns)
    keys = [each["dynamodb"]["Keys"]["pk"]["S"] for each in patterns]
    assert keys == [[{"prefix": "G#"}], [{"prefix": "M#"}]]


def test_an_hour_of_lag_a_spill_and_a_quarantined_record_raise_alarms(templates):
    alarms = {
        resource["Properties"]["MetricName"]: resource["Properties"]
        for _, logical_id, resource in templates.of_type("AWS::CloudWatch::Alarm", "prod")
        if not logical_id.startswith("RepairsBehind")
    }
    assert alarms["IteratorAge"]["Threshold"] == 3_600_000
    assert alarms["OnFailureDestinationDeliveredEventCount"]["Threshold"] == 1
    assert alarms["QuarantinedRecords"]["Threshold"] == 1


def test_alarms_of_prod_reach_somebody(templates):
    for _, logical_id, alarm in templates.of_type("AWS::CloudWatch::Alarm", "prod"):
        assert alarm["Properties"]["AlarmActions"], logical_id


def test_each_function_has_an_alarm_for_errors_and_throttles(templates):
    watched = {
        (str(resource["Properties"]["Dimensions"]), resource["Properties"]["MetricName"])
        for _, _, resource in templates.of_type("AWS::CloudWatch::Alarm", "prod")
        if resource["Properties"].get("Dimensions")
    }
    names = ("Control", "Runtime", "OfflineWriter", "Lifecycle", "MemoryProjector")
    for name in (*names, "UpkeepMaintenance", "UpkeepHeartbeat"):
        for metric in ("Errors", "Throttles"):
            assert any(f"Ref{name}" in where and metric == what for where, what in watched), name


def test_groups_that_a_stream_gave_up_on_are_swept_up_within_the_hour(templates):
    assert schedules(templates)["Lifecycle"] == "rate(1 hour)"


def test_heartbeats_go_each_minute_and_tables_are_kept_each_quarter_of_a_day(templates):
    found = schedules(templates)
    assert found["UpkeepHeartbeat"] == "rate(1 minute)"
    assert found["UpkeepMaintenance"] == "rate(6 hours)"


def schedules(templates):
    """Rate of each rule by the function that it calls, always without an input of its own."""
    found = {}
    for _, _, rule in templates.of_type("AWS::Events::Rule", "prod"):
        (target,) = rule["Properties"]["Targets"]
        assert "Input" not in target
        function = target["Arn"]["Fn::GetAtt"][0][:-8]  # less CloudFormation's hash
        found[function] = rule["Properties"]["ScheduleExpression"]
    return found
