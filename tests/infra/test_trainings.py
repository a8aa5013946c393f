"""Trainings: a machine that ends and tries again, what begins it, and rights as the files need."""

import json

import pytest

from larder.errors import ConfigurationError
from tests.infra.service_calls import Calls, tasks_of
from tests.infra.templates import actions_of, text_of

GROUP = """
name: card
record_identifier: k
event_time: event_time
online: {}
offline: {table_format: Iceberg}
pipeline:
  source: {table: raw.events, time: at}
  emit: {every: 1h}
  schedule: off
  start: 2024-01-01
features:
  - {name: k, type: String}
  - {name: event_time, type: String}
  - {name: events_1d, type: Integral, aggregate: {function: count, window: 1d}}
"""
TRAINING = """
name: {name}
training_set:
  labels: {{table: raw.labels}}
  event_time: at
  groups: [{{group: card, key: k}}]
target: y
train: {train}
model: {{group: m, image: "larder-xgboost:1"}}
compare: {{metric: auc}}
{more}
"""
DECLARED = {
    "weekly": ("{function: trainer}", "{schedule: {cron: '0 3 ? * MON *', timezone: Europe/Oslo}}"),
    "fed": ("{function: trainer}", "{new_data: [card]}"),
    "drifting": ("{job: trains}", "{alarms: [skew, 'larder-*-Drift*']}"),
    "by-hand": ("{function: 'arn:aws:lambda:eu-west-1:123456789012:function:other:live'}", ""),
}


@pytest.fixture(scope="module")
def declared(synthesize_anew, tmp_path_factory):
    """The stage dev with trainings."""
    root = tmp_path_factory.mktemp("trained")
    groups, trainings = root / "features", root / "trainings"
    groups.mkdir()
    trainings.mkdir()
    (groups / "card.yaml").write_text(GROUP)
    for name, (train, triggers) in DECLARED.items():
        more = f"triggers: {triggers}" if triggers else ""
        (trainings / f"{name}.yaml").write_text(TRAINING.format(name=name, train=train, more=more))
    return synthesize_anew(stage="dev", definitions=str(groups), trainings=str(trainings))


def machine(templates, stage):
    (found,) = (
        resource["Properties"]
        for stack, _, resource in templates.of_type("AWS::StepFunctions::StateMachine", stage)
        if stack == f"{stage}/Trainings"
    )
    return json.loads(text_of(found["DefinitionString"]))


def test_every_task_ends_and_is_tried_again_where_aws_is_at_fault(templates):
    tasks = list(tasks_of(machine(templates, "prod")))
    assert len(tasks) == 9
    for task in tasks:
        assert task["TimeoutSeconds"] > 0
        assert task["Retry"][-1]["JitterStrategy"] == "FULL"


def test_whatever_fails_in_a_run_is_its_cause(templates):
    states = machine(templates, "prod")["States"]
    for name, state in states.items():
        if state["Type"] == "Task" and name not in ("Plan", "Failed"):
            (catch,) = state["Catch"]
            assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Failed")


def test_a_stage_without_trainings_has_the_machine_and_calls_it_never(templates):
    for stage in ("dev", "prod"):
        assert machine(templates, stage)
        kinds = {each["Type"] for each in templates[f"{stage}/Trainings"]["Resources"].values()}
        assert not {"AWS::Scheduler::Schedule", "AWS::Events::Rule"} & kinds


def test_a_schedule_begins_a_run_in_its_time_zone(declared):
    """Row O4."""
    (found,) = (each["Properties"] for _, _, each in declared.of_type("AWS::Scheduler::Schedule"))
    assert found["ScheduleExpression"] == "cron(0 3 ? * MON *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Oslo"
    given = json.loads(text_of(found["Target"]["Input"]))
    assert given == {"training": "weekly", "trigger": "schedule"}


def rules(declared):
    return {
        text_of(each["Properties"]["Targets"][0]["Input"]): each["Properties"]["EventPattern"]
        for stack, _, each in declared.of_type("AWS::Events::Rule")
        if stack.endswith("/Trainings")
    }


def test_new_data_and_alarms_begin_runs(declared):
    """Row O4."""
    found = {json.loads(text)["trigger"]: pattern for text, pattern in rules(declared).items()}
    assert set(found) == {"new_data", "alarm"}
    assert found["alarm"] == {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {
            "alarmName": ["skew", {"wildcard": "larder-*-Drift*"}],
            "state": {"value": ["ALARM"]},
        },
    }
    detail = found["new_data"]["detail"]
    assert found["new_data"]["source"] == ["aws.states"]
    assert detail["status"] == ["SUCCEEDED"]
    assert detail["input"] == [{"wildcard": '*"pipeline":"card"*'}]


def test_the_machine_may_invoke_what_the_files_name_and_no_more(declared):
    statements = [
        each
        for name, role in declared["dev/Trainings"]["Resources"].items()
        if role["Type"] == "AWS::IAM::Policy" and name.startswith("MachineRole")
        for each in role["Properties"]["PolicyDocument"]["Statement"]
    ]
    invoked = [each for each in statements if actions_of(each) == {"lambda:InvokeFunction"}]
    (resources,) = (each["Resource"] for each in invoked)
    texts = [text_of(each) for each in resources]
    assert sum(":function:trainer" in each for each in texts) == 1
    assert "arn:aws:lambda:eu-west-1:123456789012:function:other:live" in texts
    assert len(texts) == 4
    (jobs,) = [each for each in statements if "glue:StartJobRun" in actions_of(each)]
    assert text_of(jobs["Resource"]).endswith(":job/trains")


PLACE = "<AWS::Partition>:{}:<AWS::Region>:<AWS::AccountId>"
NAMED = (
    f"arn:{PLACE.format('lambda')}:function:trainer",
    f"arn:{PLACE.format('glue')}:job/trains",
    "arn:aws:lambda:eu-west-1:123456789012:function:other:live",
)


def test_every_call_of_a_run_is_allowed_and_a_call_of_what_no_file_names_is_not(declared):
    assert list(Calls(declared, NAMED).refused()) == []
    others = (NAMED[0].replace("trainer", "stranger"), NAMED[1].replace("trains", "strays"))
    refused = " ".join(Calls(declared, others).refused())
    assert refused.count("may not invoke") == 1
    assert "stranger" in refused
    assert "may not StartJobRun strays" in refused


def test_the_steps_read_the_labels_and_histories_that_files_name(declared):
    found = [
        each
        for each in declared.statements("dev", "trainings")
        if "glue:GetPartitions" in actions_of(each)
    ]
    read = {text_of(each) for statement in found for each in statement["Resource"]}
    assert {each.rpartition(":")[2] for each in read} == {
        "catalog",
        "database/raw",
        "table/raw/labels",
        "database/larder_dev",
        "table/larder_dev/card_??????????",
    }


def test_each_training_has_an_alarm_of_its_own(declared):
    found = [
        each["Properties"]
        for _, _, each in declared.of_type("AWS::CloudWatch::Alarm")
        if each["Properties"].get("MetricName") == "TrainingFailures"
    ]
    named = {d["Value"] for each in found for d in each["Dimensions"] if d["Name"] == "Training"}
    assert named == set(DECLARED)


def test_executions_that_fail_ring_where_something_is_trained(declared, templates):
    def watched(found):
        return [
            name for _, name, _ in found.of_type("AWS::CloudWatch::Alarm") if "Training" in name
        ]

    assert sum(name.startswith("TrainingExecutionsFail") for name in watched(declared)) == 1
    assert watched(templates) == []


def test_a_wrong_file_fails_the_synth_with_its_line(synthesize_anew, tmp_path):
    (tmp_path / "a.yaml").write_text(TRAINING.format(name="a", train="{}", more=""))
    with pytest.raises(ConfigurationError, match=r"a\.yaml:8: train: Member must have exactly one"):
        synthesize_anew(stage="dev", trainings=str(tmp_path))
