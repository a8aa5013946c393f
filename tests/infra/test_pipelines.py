"""Feature pipelines: a machine that ends and tries again, and rights as the definitions need."""

import json

import pytest

from larder.errors import ConfigurationError
from stacks.choices import PipelineChoices
from stacks.config import STAGES
from stacks.pipeline_machine import RUN_SPARK
from tests.infra.service_calls import Calls, tasks_of
from tests.infra.stages import stage_with
from tests.infra.templates import actions_of, text_of

DEFINITION = """
name: {name}
record_identifier: k
event_time: event_time
online: {{}}
offline: {{table_format: Iceberg}}
pipeline:
  source: {{{source}, time: at}}
  emit: {{every: 1h}}
  schedule: {schedule}
  freshness: 3h
  start: 2024-01-01
{more}features:
  - {{name: k, type: String}}
  - {{name: event_time, type: String}}
  - {{name: events_1d, type: Integral, aggregate: {{function: count, window: 1d}}}}
"""
COMPARED = {
    "hourly": "  consistency: {sample: 50, every: 6h}\n",
    "by_hand": "  consistency: {sample: 50}\n",
}
DECLARED = {
    "hourly": ("raw.events", "{every: 1h}"),
    "quick": ("raw.clicks", "{every: 1m}"),
    "qui-ck": ("raw.clicks", "{every: 5m}"),
    "nightly": ("other.events", "{cron: '0 3 * * ? *', timezone: Europe/Oslo}"),
    "by_hand": ("raw.events", "off"),
    "of_group": ("Clicks-1", "off"),
    "of_Files": ("s3://their-bucket/clicks/csv", "off"),
}
"""What each pipeline reads, a table, a group or files, and its schedule."""
FILES = "files: {{s3: '{}', format: csv, columns: {{k: string, at: string, price: double}}}}"


def source_of(read):
    if read.startswith("s3://"):
        return FILES.format(read)
    return f"{'table' if '.' in read else 'group'}: {read}"


@pytest.fixture(scope="module")
def declared(synthesize_anew, tmp_path_factory):
    """The stage dev with pipelines."""
    folder = tmp_path_factory.mktemp("features")
    for name, (read, schedule) in DECLARED.items():
        more, source = COMPARED.get(name, ""), source_of(read)
        text = DEFINITION.format(name=name, source=source, schedule=schedule, more=more)
        (folder / f"{name}.yaml").write_text(text)
    none = str(tmp_path_factory.mktemp("predictions"))
    return synthesize_anew(stage="dev", definitions=str(folder), predictions=none)


def machine(templates, stage):
    (found,) = (
        resource["Properties"]
        for stack, _, resource in templates.of_type("AWS::StepFunctions::StateMachine", stage)
        if stack == f"{stage}/Pipelines"
    )
    return json.loads(text_of(found["DefinitionString"]))


def test_every_task_ends_and_is_tried_again_where_aws_is_at_fault(templates):
    tasks = list(tasks_of(machine(templates, "prod")))
    assert len(tasks) == 9
    for task in tasks:
        assert 0 < task["TimeoutSeconds"] <= 900
        faults = task["Retry"][-1]
        assert "Lambda.TooManyRequestsException" in faults["ErrorEquals"]
        assert (faults["JitterStrategy"], faults["MaxAttempts"]) == ("FULL", 6)


def test_accepted_rows_are_published_without_being_computed_or_checked_again(templates):
    states = machine(templates, "prod")["States"]["Chunks"]["ItemProcessor"]["States"]
    ways = {each["Variable"]: each["Next"] for each in states["IsClaimed"]["Choices"]}
    assert list(ways.items()) == [("$.claim.accepts", "Accept"), ("$.claim.taken", "Compute")]
    assert states["Accept"]["Next"] == states["Check"]["Next"] == "Publish"
    assert states["Accept"]["ResultPath"] == states["Check"]["ResultPath"] == "$.checked"


def test_what_checks_and_what_publishes_have_duckdb(templates):
    found = [
        resource["Properties"]
        for stack, _, resource in templates.of_type("AWS::Lambda::Function", "prod")
        if stack == "prod/Pipelines" and resource["Properties"]["Handler"].startswith("lambdas.")
    ]
    steps = [each for each in found if len(each.get("Layers", [])) == 2]
    assert len(steps) == len(found)


def test_whatever_fails_in_a_chunk_marks_its_interval_and_the_others_go_on(templates):
    chunk = machine(templates, "prod")["States"]["Chunks"]["ItemProcessor"]["States"]
    for name, state in chunk.items():
        if state["Type"] == "Task" and name != "Failed":
            (catch,) = state["Catch"]
            assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Failed")
    assert all(state["Type"] != "Fail" for state in chunk.values())


def test_a_stage_without_pipelines_has_the_machine_and_calls_it_never(templates):
    for stage in ("dev", "prod"):
        assert machine(templates, stage)
        kinds = {each["Type"] for each in templates[f"{stage}/Pipelines"]["Resources"].values()}
        assert "AWS::Scheduler::Schedule" not in kinds


def test_each_pipeline_is_looked_at_as_its_schedule_says(declared):
    found = {name: each for (name, step), each in schedules(declared).items() if step is None}
    assert {name: each["ScheduleExpression"] for name, each in found.items()} == {
        "hourly": "rate(60 minutes)",
        "quick": "rate(1 minute)",
        "qui-ck": "rate(5 minutes)",
        "nightly": "cron(0 3 * * ? *)",
    }
    assert found["nightly"]["ScheduleExpressionTimezone"] == "Europe/Oslo"
    assert list(Calls(declared).refused()) == []


def schedules(declared):
    """Schedules by what they hand on: the pipeline, and the step where it is not a look."""
    found = {}
    for _, _, each in declared.of_type("AWS::Scheduler::Schedule"):
        given = json.loads(text_of(each["Properties"]["Target"]["Input"]))
        found[given["pipeline"], given.get("step")] = each["Properties"]
    return found


def test_stores_are_compared_where_a_definition_asks_for_it(declared, templates):
    found = {key: each["ScheduleExpression"] for key, each in schedules(declared).items() if key[1]}
    assert found == {
        ("hourly", "consistency"): "rate(360 minutes)",
        ("by_hand", "consistency"): "rate(1440 minutes)",
    }
    rights = str(declared.statements("dev", "pipelines"))
    assert "consistency/*" in rights
    assert "dynamodb:BatchGetItem" in rights
    data = [
        each
        for each in declared.statements("dev", "pipelines")
        if "offline-store/*" in text_of(each["Resource"])
    ]
    assert [actions_of(each) for each in data] == [{"s3:GetObject"}]
    assert "consistency/*" not in str(templates.statements("dev", "pipelines"))


def test_a_function_reads_the_tables_that_definitions_name_and_those_it_compares(declared):
    (reads,) = (
        each
        for each in declared.statements("dev", "pipelines")
        if "glue:GetTable" in actions_of(each)
    )
    ends = [text_of(each).rpartition(":")[2] for each in reads["Resource"]]
    assert sorted(ends) == [
        "catalog",
        "database/larder_dev",
        "database/larder_dev_files",
        "database/other",
        "database/raw",
        "table/larder_dev/*",
        "table/larder_dev/clicks_1_??????????",
        "table/larder_dev_files/of_files",
        "table/other/events",
        "table/raw/clicks",
        "table/raw/events",
    ]
    writers = declared.statements("dev", "pipeline_publisher")
    assert "sources/" not in str(writers)


def test_of_a_group_only_its_own_files_are_read(declared):
    found = {
        text_of(each).rpartition("offline-store/")[2]
        for statement in declared.statements("dev", "pipelines")
        if actions_of(statement) == {"s3:GetObject"}
        for each in statement["Resource"]
        if "offline-store/" in text_of(each)
    }
    # the other is for comparing stores
    assert found == {"Clicks-1-??????????/*", "*"}


def test_old_data_and_a_silent_heartbeat_alarm_for_each_pipeline(declared):
    found = {
        dimension["Value"]: each["Properties"]
        for _, _, each in declared.of_type("AWS::CloudWatch::Alarm")
        for dimension in each["Properties"].get("Dimensions", ())
        if dimension["Name"] == "Pipeline"
    }
    assert sorted(found) == sorted(DECLARED)
    for each in found.values():
        assert (each["MetricName"], each["Statistic"]) == ("PipelineDataAge", "Maximum")
        assert (each["Threshold"], each["TreatMissingData"]) == (3 * 3600, "breaching")
    rules = declared.of_type("AWS::Events::Rule")
    (rule,) = (each["Properties"] for stack, _, each in rules if stack == "dev/Pipelines")
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert rule["Targets"][0]["Input"] == '{"step":"freshness"}'


def test_files_have_a_table_and_only_their_folder_is_read(declared):
    ((_, _, table),) = declared.of_type("AWS::Glue::Table")
    made = table["Properties"]
    assert made["DatabaseName"] == "larder_dev_files"
    told = made["TableInput"]["StorageDescriptor"]
    assert (made["TableInput"]["Name"], told["Location"]) == (
        "of_files",
        "s3://their-bucket/clicks/csv/",
    )
    assert {each["Name"]: each["Type"] for each in told["Columns"]} == dict.fromkeys(
        ("k", "at", "price"), "string"
    )
    found = {
        (action, text_of(arn).partition(":s3:")[2])
        for statement in declared.statements("dev", "pipelines")
        for action in actions_of(statement)
        for arn in listed(statement["Resource"])
        if "their-bucket" in text_of(arn)
    }
    assert found == {
        ("s3:GetBucketLocation", "::their-bucket"),
        ("s3:ListBucket", "::their-bucket"),
        ("s3:GetObject", "::their-bucket/clicks/csv/*"),
    }


def listed(resource):
    return resource if isinstance(resource, list) else [resource]


ON_SPARK = {"large": ("big.events", "  engine: spark\n"), "small": ("raw.events", "")}


def written(folder):
    """A folder of definitions, one of which says ``engine: spark``."""
    for name, (table, more) in ON_SPARK.items():
        source = f"table: {table}"
        text = DEFINITION.format(name=name, source=source, schedule="off", more=more)
        (folder / f"{name}.yaml").write_text(text)
    return str(folder)


@pytest.fixture(scope="module")
def on_spark(synthesize_anew, tmp_path_factory):
    """The stage dev with a pipeline on Spark and one on Athena."""
    return synthesize_anew(stage="dev", definitions=written(tmp_path_factory.mktemp("features")))


def job_of(templates):
    ((_, _, job),) = templates.of_type("AWS::Glue::Job")
    return job["Properties"]


def test_a_stage_has_a_spark_job_only_where_a_definition_may_use_it(on_spark, declared, templates):
    for each in (declared, templates):
        assert all(each[stack]["Resources"] for stack in each)
        kinds = {found["Type"] for stack in each for found in each[stack]["Resources"].values()}
        assert "AWS::Glue::Job" not in kinds
    for name in ("dev", "prod"):
        states = machine(templates, name)["States"]["Chunks"]["ItemProcessor"]["States"]
        assert not {"Prepare", "IsSpark", "Spark"} & set(states)
    job = job_of(on_spark)
    assert (job["GlueVersion"], job["WorkerType"], job["NumberOfWorkers"]) == ("5.1", "G.1X", 2)
    assert (job["Command"]["Name"], job["MaxRetries"], job["Timeout"]) == ("glueetl", 0, 120)
    arguments = job["DefaultArguments"]
    assert arguments["--datalake-formats"] == "iceberg"
    assert arguments["--enable-glue-datacatalog"] == "true"
    first, *others = text_of(arguments["--conf"]).split(" --conf ")
    names = [each.partition("=")[0] for each in (first, *others)]
    catalog = "spark.sql.catalog.spark_catalog"
    inner = [f"{catalog}.{each}" for each in ("catalog-impl", "io-impl", "warehouse")]
    assert names == ["spark.sql.extensions", catalog, *inner]
    assert list(Calls(on_spark).refused()) == []


def test_an_interval_goes_to_spark_by_a_choice_and_the_job_is_waited_for(on_spark):
    states = machine(on_spark, "dev")["States"]["Chunks"]["ItemProcessor"]["States"]
    ways = [(each["Variable"], each["Next"]) for each in states["IsClaimed"]["Choices"]]
    assert ways == [
        ("$.claim.accepts", "Accept"),
        ("$.claim.may_use_spark", "Prepare"),
        ("$.claim.taken", "Compute"),
    ]
    assert states["Prepare"]["Next"] == "IsSpark"
    (way,) = states["IsSpark"]["Choices"]
    assert (way["Next"], states["IsSpark"]["Default"]) == ("Spark", "Compute")
    spark = states["Spark"]
    assert (spark["Resource"], spark["Next"]) == (RUN_SPARK, "Check")
    job_minutes = job_of(on_spark)["Timeout"]
    assert spark["TimeoutSeconds"] > 60 * job_minutes
    (faults,) = spark["Retry"]
    assert all(each.startswith("Glue.") for each in faults["ErrorEquals"])
    assert (faults["MaxAttempts"], faults["JitterStrategy"]) == (6, "FULL")
    (catch,) = spark["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Failed")


def test_the_jobs_role_reads_what_its_pipelines_read_and_writes_staged_rows(on_spark):
    role = job_of(on_spark)["Role"]["Fn::GetAtt"][0]
    statements = [
        each
        for _, _, policy in on_spark.of_type("AWS::IAM::Policy")
        if {"Ref": role} in policy["Properties"]["Roles"]
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    actions = set().union(*map(actions_of, statements))
    assert {each for each in actions if not each.startswith("logs:")} == {
        "glue:GetDatabase",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }
    (writes,) = (each for each in statements if "s3:PutObject" in actions_of(each))
    assert text_of(writes["Resource"]).endswith("/pipelines/*")
    (reads,) = (each for each in statements if "glue:GetTable" in actions_of(each))
    ends = [text_of(each).rpartition(":")[2] for each in reads["Resource"]]
    databases = [f"database/{each}" for each in ("big", "default", "global_temp")]
    assert ends == ["catalog", *databases, "table/big/events"]


def test_the_functions_document_has_sql_for_spark_of_those_that_may_use_it(on_spark):
    documents = [each for each in on_spark.outdir.rglob("*.json") if "asset." in each.name]
    (told,) = (told for each in documents if "pipelines" in (told := json.loads(each.read_text())))
    assert list(told["spark"]) == ["large"]
    assert "FROM `big`.`events`" in told["spark"]["large"]["rows"]


def test_with_the_stages_choice_auto_may_use_spark_too(synthesize_anew, tmp_path, monkeypatch):
    chosen = stage_with("dev", pipelines={"spark_from_bytes": 10**9, "spark_workers": 5})
    monkeypatch.setitem(STAGES, "dev", chosen)
    found = synthesize_anew(stage="dev", definitions=written(tmp_path))
    assert job_of(found)["NumberOfWorkers"] == 5
    variables = found.function("dev", "pipelines")["Environment"]["Variables"]
    assert variables["LARDER_SPARK_FROM_BYTES"] == "1000000000"
    assert variables["LARDER_SPARK_MINUTES"] == "120"
    role = job_of(found)["Role"]["Fn::GetAtt"][0]
    policies = [
        json.dumps(each["Properties"])
        for _, _, each in found.of_type("AWS::IAM::Policy")
        if {"Ref": role} in each["Properties"]["Roles"]
    ]
    assert "table/raw/events" in str(policies)


@pytest.mark.parametrize("choice", ["spark_workers", "spark_minutes", "spark_from_bytes"])
def test_a_choice_that_glue_would_refuse_is_refused_at_synth(choice):
    with pytest.raises(ConfigurationError, match=f"pipelines.{choice}: 0 is not between "):
        PipelineChoices(**{choice: 0})
