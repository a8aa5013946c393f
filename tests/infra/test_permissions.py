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
    "control": LOGS | TABLE_KEY | REGISTRY_WRITER | {"dynamodb:BatchGetItem"},  # a page of groups
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
    "offline_writer": LOGS
    | TABLE_KEY
    | STREAM
    | GLUE
    | FILES
    | {"dynamodb:GetItem", "dynamodb:PutItem", "s3:DeleteObjectVersion"},
    "maintenance": LOGS | TABLE_KEY | GLUE | FILES | {"dynamodb:GetItem", "dynamodb:Query"},
    "heartbeat": LOGS
    | TABLE_KEY
    | (STREAM - {"dynamodb:ListStreams"})
    | {"dynamodb:GetItem", "dynamodb:PutItem"},
    "lifecycle": LOGS
    | TABLE_KEY
    | STREAM
    | GLUE
    | FILES
    | REGISTRY_WRITER
    | {"dynamodb:BatchWriteItem", "events:PutEvents", "glue:CreateTable"},
}
INTERFACES = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
CACHE = INTERFACES | {"elasticache:Connect"}
MAY_WITH_THE_TIER = {
    **MAY,
    "runtime": MAY["runtime"] | CACHE,
    "memory_projector": LOGS | TABLE_KEY | STREAM | CACHE,
}
CHOICES = [("dev", name, MAY[name]) for name in sorted(MAY)]
CHOICES += [("prod", name, MAY_WITH_THE_TIER[name]) for name in sorted(MAY_WITH_THE_TIER)]


@pytest.mark.parametrize(("stage", "name", "work"), CHOICES)
def test_a_function_may_do_exactly_its_work(templates, stage, name, work):
    statements = templates.statements(stage, name)
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    assert set().union(*map(actions_of, allowed)) == work


@pytest.mark.parametrize(("stage", "listed"), [("dev", MAY), ("prod", MAY_WITH_THE_TIER)])
def test_every_function_is_listed_here(templates, stage, listed):
    handlers = {properties["Handler"] for _, _, properties in templates.functions(stage)}
    assert handlers == {f"lambdas.{name}.handler.handler" for name in listed}


@pytest.mark.parametrize("name", ["runtime", "memory_projector"])
def test_the_code_of_a_function_in_the_network_may_not_touch_the_network(templates, name):
    denied = [each for each in templates.statements("prod", name) if each["Effect"] == "Deny"]
    (statement,) = denied
    assert actions_of(statement) == INTERFACES
    assert statement["Resource"] == "*"
    assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


@pytest.mark.parametrize("name", ["runtime", "memory_projector"])
def test_the_cache_is_entered_as_one_user_of_one_cache(templates, name):
    (statement,) = (
        each
        for each in templates.statements("prod", name)
        if "elasticache:Connect" in actions_of(each)
    )
    assert actions_of(statement) == {"elasticache:Connect"}
    outputs = [each["Fn::GetStackOutput"]["OutputName"] for each in statement["Resource"]]
    assert [name.rstrip("0123456789ABCDEF") for name in outputs] == [
        "PublishOutputFnGetAttCacheARN",
        "PublishOutputFnGetAttUserArn",
    ]


def test_no_action_has_a_star(templates):
    for _, logical_id, policy in templates.of_type("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert not any("*" in action for action in actions_of(statement)), logical_id


def test_only_the_listing_of_streams_and_network_interfaces_name_every_resource(templates):
    unbounded = [
        actions_of(statement)
        for _, _, policy in templates.of_type("AWS::IAM::Policy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*" and statement["Effect"] == "Allow"
    ]
    assert set().union(*unbounded) == {"dynamodb:ListStreams"} | INTERFACES


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
            resource = str(statement["Resource"])
            own = ("'/quarantine/*']]}", "'/staging/*']]}")
            if name == "offline_writer" and resource.endswith(own):
                continue  # what it parked or staged itself
            assert "/sagemaker/" in resource
            assert "/offline-store/*" in resource


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


def test_versions_are_removed_for_good_of_staged_rows_alone(templates):
    removing = [
        (name, str(statement["Resource"]))
        for name in MAY
        for statement in templates.statements("prod", name)
        if "s3:DeleteObjectVersion" in actions_of(statement)
    ]
    assert [name for name, _ in removing] == ["offline_writer"]
    assert all(resource.endswith("'/staging/*']]}") for _, resource in removing)
