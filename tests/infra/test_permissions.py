"""Who may do what: the exact actions of every function, and nothing that a star hides."""

import pytest

from stacks import config
from tests.infra.stages import stage_with
from tests.infra.templates import actions_of

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_KEY = {"kms:Decrypt", "kms:DescribeKey"}
WRITE_KEY = READ_KEY | {"kms:Encrypt", "kms:GenerateDataKey"}
FILES_KEY = {"kms:Decrypt", "kms:GenerateDataKey"}
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
LEASES = {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"}
GLUE = {"glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"}
FILES = {
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
}
# What a principal needs on the key of what it works on: of DynamoDB the developer guide
# ("Encryption at rest: usage notes"), of S3 the user guide ("Protecting data with SSE-KMS").
KEY_NEEDS = {
    "dynamodb": {
        **{
            f"dynamodb:{name}": READ_KEY
            for name in (
                "BatchGetItem",
                "ConditionCheckItem",
                "DescribeStream",
                "GetItem",
                "GetRecords",
                "GetShardIterator",
                "Query",
            )
        },
        **{
            f"dynamodb:{name}": WRITE_KEY
            for name in ("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem")
        },
    },
    "s3": {
        "s3:AbortMultipartUpload": FILES_KEY,
        "s3:DeleteObject": set(),
        "s3:DeleteObjectVersion": set(),
        "s3:GetObject": {"kms:Decrypt"},
        "s3:PutObject": {"kms:GenerateDataKey"},
    },
}
UNKEYED = {"dynamodb:ListStreams", "s3:GetBucketLocation", "s3:ListBucket"}
"""Actions on streams and buckets themselves."""
ASSETS = "-assets-"
"""Part of the name of the CDK's own bucket, which is not under the platform's key."""
MAY = {
    "control": LOGS
    | WRITE_KEY
    | REGISTRY_WRITER
    | {"dynamodb:BatchGetItem", "lambda:InvokeFunction"}  # a page of groups; models
    | {"cloudwatch:DescribeAlarms", "states:StartExecution"}  # updates of endpoints
    | {"states:DescribeExecution"}  # transform jobs whose execution ended from outside
    | {"s3:GetObject", "s3:ListBucket"},  # documents of monitoring
    "feature_groups": LOGS | WRITE_KEY | REGISTRY_WRITER | {"s3:GetObject"},
    "model_deployment": LOGS
    | WRITE_KEY
    | {"cloudwatch:DescribeAlarms", "dynamodb:GetItem", "dynamodb:PutItem"},
    "model_import": LOGS
    | READ_KEY
    | FILES_KEY
    | {"dynamodb:GetItem", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
    "inference": LOGS | READ_KEY | {"dynamodb:BatchGetItem", "dynamodb:GetItem", "s3:GetObject"},
    "runtime": LOGS
    | WRITE_KEY
    | {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    },
    "offline_writer": LOGS
    | WRITE_KEY
    | STREAM
    | GLUE
    | FILES
    | LEASES
    | {"dynamodb:GetItem", "dynamodb:PutItem", "s3:DeleteObjectVersion"},
    "exposure_writer": LOGS
    | (WRITE_KEY | FILES_KEY)
    | GLUE
    | FILES
    | LEASES
    | {
        "glue:CreateTable",
        "lambda:InvokeFunction",
        "s3:DeleteObjectVersion",
    },
    "monitoring": LOGS
    | READ_KEY
    | FILES_KEY
    | FILES
    | {
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
        "athena:StartQueryExecution",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "glue:GetDatabase",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "lambda:InvokeFunction",
        "s3:GetBucketLocation",
    },
    "maintenance": LOGS
    | READ_KEY
    | FILES_KEY
    | GLUE
    | FILES
    | {"dynamodb:GetItem", "dynamodb:Query"},
    "transforms": LOGS
    | (WRITE_KEY | FILES_KEY)
    | (FILES - {"s3:DeleteObject"})
    | {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
    "pipelines": LOGS
    | (WRITE_KEY | FILES_KEY)
    | (FILES - {"s3:DeleteObject"})
    | {
        "athena:GetQueryExecution",
        "athena:StartQueryExecution",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "glue:GetDatabase",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "s3:GetBucketLocation",
    },
    "pipeline_publisher": LOGS
    | (WRITE_KEY | FILES_KEY)
    | GLUE
    | FILES
    | {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    "predictions": LOGS
    | (WRITE_KEY | FILES_KEY)
    | (FILES - {"s3:DeleteObject"})
    | {
        "athena:GetQueryExecution",
        "athena:StartQueryExecution",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "glue:GetDatabase",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "s3:GetBucketLocation",
    },
    "scoring": LOGS
    | READ_KEY
    | FILES_KEY
    | {"dynamodb:GetItem", "s3:AbortMultipartUpload", "s3:GetObject"}
    | {"s3:ListBucket", "s3:PutObject"},
    "trainings": LOGS
    | (WRITE_KEY | FILES_KEY)
    | REGISTRY_WRITER
    | FILES
    | {
        "athena:GetQueryExecution",
        "athena:StartQueryExecution",
        "athena:StopQueryExecution",
        "glue:CreateTable",
        "glue:DeleteTable",
        "glue:GetTable",  # histories and labels are read where a training names them
        "lambda:InvokeFunction",
        "s3:GetBucketLocation",
    },
    "model_comparison": LOGS
    | READ_KEY
    | FILES_KEY
    | {"dynamodb:GetItem", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
    "heartbeat": LOGS
    | WRITE_KEY
    | (STREAM - {"dynamodb:ListStreams"})
    | {"dynamodb:GetItem", "dynamodb:PutItem"},
    "lifecycle": LOGS
    | WRITE_KEY
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
    "inference": MAY["inference"] | CACHE,
    "runtime": MAY["runtime"] | CACHE,
    "memory_projector": LOGS | READ_KEY | STREAM | CACHE,
    "monitoring": MAY["monitoring"] | {"sns:Publish"},  # dev has no topic
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


IN_THE_NETWORK = ["runtime", "memory_projector", "inference"]


@pytest.mark.parametrize("name", IN_THE_NETWORK)
def test_the_code_of_a_function_in_the_network_may_not_touch_the_network(templates, name):
    denied = [each for each in templates.statements("prod", name) if each["Effect"] == "Deny"]
    (statement,) = denied
    assert actions_of(statement) == INTERFACES
    assert statement["Resource"] == "*"
    assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


@pytest.mark.parametrize("name", IN_THE_NETWORK)
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


def test_only_listings_of_streams_and_alarms_and_network_interfaces_name_every_resource(templates):
    unbounded = [
        actions_of(statement)
        for _, _, policy in templates.of_type("AWS::IAM::Policy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*" and statement["Effect"] == "Allow"
    ]
    listed = {"cloudwatch:DescribeAlarms", "dynamodb:ListStreams"}
    assert set().union(*unbounded) == listed | INTERFACES


@pytest.mark.parametrize("name", ["runtime", "inference", "model_import"])
def test_the_data_planes_only_read_the_registry(templates, name):
    on_registry = [
        actions_of(statement)
        for statement in templates.statements("prod", name)
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


def test_keys_are_used_only_through_dynamodb_and_s3_and_that_of_messages_through_sns(templates):
    for _, logical_id, policy in templates.of_type("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if any(action.startswith("kms:") for action in actions_of(statement)):
                via = str(statement["Condition"]["StringEquals"]["kms:ViaService"])
                if "sns." in via:
                    assert "AlarmKey" in str(statement["Resource"]), logical_id
                else:
                    assert "dynamodb." in via or "s3." in via, logical_id


def test_s10_a_role_may_use_keys_exactly_as_its_work_on_tables_and_objects_needs(templates):
    """S10, over the kind: every role of both stages, whoever wrote it."""
    checked = 0
    for stack, role, statements in templates.roles():
        allowed = [each for each in statements if each["Effect"] == "Allow"]
        for service, needs in KEY_NEEDS.items():
            work = {
                action
                for each in allowed
                if ASSETS not in str(each["Resource"])
                for action in actions_of(each)
                if action in needs
            }
            given = {
                action
                for each in allowed
                if f"{service}." in str(each.get("Condition", {}).get("StringEquals"))
                for action in actions_of(each)
            }
            needed = set().union(*(needs[action] for action in work))
            assert given == needed, f"{stack} {role} through {service}"
            checked += bool(work)
    assert checked > 20


def test_it_is_known_of_every_action_on_items_and_objects_which_key_rights_it_needs(templates):
    """Otherwise the test above would take the action for one that needs none."""
    used = {
        action
        for _, _, statements in templates.roles()
        for statement in statements
        for action in actions_of(statement)
        if action.startswith(("dynamodb:", "s3:"))
    }
    known = {action for needs in KEY_NEEDS.values() for action in needs}
    assert used - UNKEYED == known


def test_no_right_on_a_key_comes_but_in_a_statement_that_names_the_service(templates):
    for stack, role, statements in templates.roles():
        for statement in statements:
            if any(action.startswith("kms:") for action in actions_of(statement)):
                (via,) = statement["Condition"]["StringEquals"]
                assert via == "kms:ViaService", f"{stack} {role}"
                assert statement["Resource"] != "*", f"{stack} {role}"


@pytest.mark.parametrize("part", ["database", "bucket"])
def test_r5_who_works_on_groups_tables_may_do_so_wherever_a_group_may_have_one(
    synthesize, monkeypatch, part
):
    """R5: maintenance had no rights on the stage's other databases."""
    stage = stage_with("dev", offline={"other_databases": ("theirs",), "other_buckets": ("there",)})
    monkeypatch.setitem(config.STAGES, "dev", stage)
    found = synthesize(stage="dev")
    mark, sign = {
        "database": ("glue:GetTable", ":table/theirs/*"),
        "bucket": ("s3:DeleteObject", ":s3:::there/"),
    }[part]
    workers = set()
    for _, logical_id, properties in found.functions("dev"):
        name = properties["Handler"].split(".")[1]
        # their tables are no groups', or those of groups that definitions name
        others = ("exposure_writer", "monitoring", "pipelines", "predictions", "trainings")
        if name in others:
            continue
        statements = [each for each in found.statements("dev", name) if mark in actions_of(each)]
        if any("offline-store" in str(each) or part == "database" for each in statements):
            workers.add(name)
            assert sign in str(statements), logical_id
    assert workers == {"lifecycle", "maintenance", "offline_writer", "pipeline_publisher"}


def test_no_managed_policy_is_attached_to_a_function(templates):
    for stage in ("dev", "prod"):
        for stack, _, properties in templates.functions(stage):
            role = properties["Role"]["Fn::GetAtt"][0]
            assert "ManagedPolicyArns" not in templates[stack]["Resources"][role]["Properties"]


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("model_import", {"s3:GetObject": "model-data/*", "s3:PutObject": "models/*"}),
        ("inference", {"s3:GetObject": "models/*"}),
    ],
)
def test_models_are_read_and_written_in_their_own_folders_alone(templates, name, folders):
    found = {
        action: str(statement["Resource"])
        for statement in templates.statements("prod", name)
        for action in actions_of(statement)
        if action.startswith("s3:") and action != "s3:ListBucket"
    }
    assert found.keys() == folders.keys()
    for action, folder in folders.items():
        assert found[action].endswith(f"'/{folder}']]}}")


def test_control_invokes_the_import_and_the_inference_and_no_other_function(templates):
    (invoked,) = [
        statement["Resource"]
        for statement in templates.statements("prod", "control")
        if "lambda:InvokeFunction" in actions_of(statement)
    ]
    first, second = (each["Fn::GetStackOutput"]["OutputName"] for each in invoked)
    assert first.startswith("PublishOutputFnGetAttModelImport")
    assert second.startswith("PublishOutputRefInferenceAliaslive")


def test_versions_are_removed_for_good_of_staged_rows_alone(templates):
    removing = [
        (name, str(statement["Resource"]))
        for name in MAY
        for statement in templates.statements("prod", name)
        if "s3:DeleteObjectVersion" in actions_of(statement)
    ]
    assert {name: resource.rpartition("'/")[2] for name, resource in removing} == {
        "offline_writer": "staging/*']]}",
        "exposure_writer": "staging/exposures/*']]}",
    }
