"""Who may do what: the exact actions of every function, and nothing that a star hides."""

import pytest

from tests.infra.templates import actions_of

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TABLE_KEY = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
REGISTRY_WRITER = {
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
}
STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
GLUE = {"glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"}
FILES = {
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
}
MAY = {
    "control": LOGS | TABLE_KEY | REGISTRY_WRITER,
    "feature_groups": LOGS | TABLE_KEY | REGISTRY_WRITER | {"s3:GetObject"},
    "runtime": LOGS
    | TABLE_KEY
    | {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    },
    "offline_writer": LOGS | TABLE_KEY | STREAM | GLUE | FILES | {"dynamodb:GetItem"},
    "lifecycle": LOGS
    | TABLE_KEY
    | STREAM
    | GLUE
    | FILES
    | REGISTRY_WRITER
    | {"dynamodb:BatchWriteItem", "events:PutEvents", "glue:CreateTable"},
}


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("name", sorted(MAY))
def test_a_function_may_do_exactly_its_work(templates, stage, name):
    statements = templates.statements(stage, name)
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    assert set().union(*map(actions_of, statements)) == MAY[name]


def test_every_function_is_listed_here(templates):
    handlers = {properties["Handler"] for _, _, properties in templates.functions("prod")}
    assert handlers == {f"lambdas.{name}.handler.handler" for name in MAY}


def test_no_action_has_a_star(templates):
    for _, logical_id, policy in templates.of_type("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert not any("*" in action for action in actions_of(statement)), logical_id


def test_only_the_listing_of_streams_names_every_resource(templates):
    unbounded = [
        actions_of(statement)
        for _, _, policy in templates.of_type("AWS::IAM::Policy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
    ]
    assert unbounded
    assert all(actions == {"dynamodb:ListStreams"} for actions in unbounded)


def test_the_runtime_only_reads_the_registry(templates):
    on_registry = [
        actions_of(statement)
        for statement in templates.statements("prod", "runtime")
        if "Registry" in str(statement["Resource"])
    ]
    assert on_registry == [{"dynamodb:GetItem"}]


def test_the_lifecycle_never_reads_or_writes_a_record_but_to_purge_it(templates):
    (on_records,) = (
        actions_of(statement)
        for statement in templates.statements("prod", "lifecycle")
        if "RecordsCF" in str(statement["Resource"])
        or "Records091F6ECAArn" in str(statement["Resource"])
    )
    assert on_records == {"dynamodb:BatchWriteItem", "dynamodb:Query"}


@pytest.mark.parametrize("name", ["offline_writer", "lifecycle"])
def test_files_are_touched_only_under_the_offline_paths(templates, name):
    for statement in templates.statements("prod", name):
        actions = actions_of(statement)
        if actions & {"s3:DeleteObject", "s3:GetObject"}:
            assert "/sagemaker/" in str(statement["Resource"])
            assert "/offline-store/*" in str(statement["Resource"])


@pytest.mark.parametrize("name", ["offline_writer", "lifecycle"])
def test_glue_is_touched_only_in_the_stages_own_database(templates, name):
    (statement,) = (
        each for each in templates.statements("prod", name) if "glue:GetTable" in actions_of(each)
    )
    ends = [resource["Fn::Join"][1][-1] for resource in statement["Resource"]]
    assert ends == [":catalog", ":database/larder_prod", ":table/larder_prod/*"]


def test_keys_are_used_only_through_dynamodb_and_s3(templates):
    for _, logical_id, policy in templates.of_type("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if any(action.startswith("kms:") for action in actions_of(statement)):
                via = str(statement["Condition"]["StringEquals"]["kms:ViaService"])
                assert "dynamodb." in via or "s3." in via, logical_id


def test_no_managed_policy_is_attached_to_a_function(templates):
    for stage in ("dev", "prod"):
        for stack, _, properties in templates.functions(stage):
            role = properties["Role"]["Fn::GetAtt"][0]
            assert "ManagedPolicyArns" not in templates[stack]["Resources"][role]["Properties"]
