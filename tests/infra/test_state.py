"""What keeps the data: identity, encryption, backups, retention. No snapshot can relax it."""

import pytest

from tests.infra.templates import actions_of

STATEFUL = (
    "AWS::DynamoDB::GlobalTable",
    "AWS::Glue::Database",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
)
NAMED = {
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
}


def test_stateful_logical_ids_never_change(templates):
    # A new id here is a new, empty store in production.
    found = {
        (stack, logical_id)
        for kind in STATEFUL
        for stack, logical_id, _ in templates.of_type(kind, "prod")
        if stack != "prod/Observability"  # the key of its messages keeps nothing
    }
    assert found == {
        ("prod/Encryption", "Key961B73FD"),
        ("prod/OfflineStore", "AccessLogs8B620ECA"),
        ("prod/OfflineStore", "Bucket83908E77"),
        ("prod/OfflineStore", "DatabaseB269D8BB"),
        ("prod/OnlineStore", "Records091F6ECA"),
        ("prod/OnlineStore", "Registry4DB9CCA5"),
    }


@pytest.mark.parametrize("kind", STATEFUL)
def test_prod_keeps_data_when_a_stack_goes(templates, kind):
    for stack, logical_id, resource in templates.of_type(kind, "prod"):
        if stack == "prod/Observability":
            continue
        assert resource["DeletionPolicy"] == "Retain", logical_id
        assert resource["UpdateReplacePolicy"] == "Retain", logical_id


def test_stacks_of_prod_are_protected_from_termination_and_those_of_dev_are_not(templates):
    for name in templates:
        assert templates.is_protected(name) is name.startswith("prod/"), name


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_tables_are_encrypted_by_our_key_backed_up_and_streamed(templates, stage):
    for _, logical_id, resource in templates.of_type("AWS::DynamoDB::GlobalTable", stage):
        properties = resource["Properties"]
        (replica,) = properties["Replicas"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST", logical_id
        assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        assert "Encryption" in str(replica["SSESpecification"]["KMSMasterKeyId"])
        backup = replica["PointInTimeRecoverySpecification"]
        assert backup["PointInTimeRecoveryEnabled"] is True, logical_id
        assert replica["DeletionProtectionEnabled"] is (stage == "prod"), logical_id
        assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_only_records_expire(templates):
    expiring = {
        logical_id: resource["Properties"].get("TimeToLiveSpecification")
        for _, logical_id, resource in templates.of_type("AWS::DynamoDB::GlobalTable", "prod")
    }
    assert expiring == {
        "Records091F6ECA": {"AttributeName": "ttl", "Enabled": True},
        "Registry4DB9CCA5": None,
    }


def test_buckets_are_private(templates):
    for _, logical_id, resource in templates.of_type("AWS::S3::Bucket"):
        assert resource["Properties"]["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }, logical_id


def test_the_offline_bucket_is_versioned_and_encrypted_by_our_key(templates):
    bucket = templates["prod/OfflineStore"]["Resources"]["Bucket83908E77"]["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "Encryption" in str(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
    assert rule["BucketKeyEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "LoggingConfiguration" in bucket


def test_lifecycle_rules_never_expire_current_data(templates):
    bucket = templates["prod/OfflineStore"]["Resources"]["Bucket83908E77"]["Properties"]
    expiring = {
        rule.get("Prefix", "")
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    # staged rows are copies: the stream delivers them again until they are in their table
    # reports are made anew each day, and name identifiers; a transform job is over within two days
    # scores are published in groups: of a prediction's run the files are what it worked with
    assert expiring == {
        "athena-results/",
        "aws/lambda/",
        "consistency/",
        "predictions/",
        "quarantine/",
        "staging/",
        "transform-jobs/",
    }


def test_buckets_refuse_plain_http(templates):
    policies = templates.of_type("AWS::S3::BucketPolicy", "prod")
    assert len(policies) == len(templates.of_type("AWS::S3::Bucket", "prod"))
    for _, logical_id, policy in policies:
        assert any(
            statement["Effect"] == "Deny"
            and actions_of(statement) == {"s3:*"}
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ), logical_id


def test_keys_rotate(templates):
    for _, logical_id, key in templates.of_type("AWS::KMS::Key"):
        assert key["Properties"]["EnableKeyRotation"] is True, logical_id


def test_physical_names_are_only_those_that_people_type(templates):
    for kind, name in NAMED.items():
        for _, logical_id, resource in templates.of_type(kind):
            assert name not in resource.get("Properties", {}), logical_id
    prod = templates["prod/OfflineStore"]["Resources"]
    assert prod["WorkGroup"]["Properties"]["Name"] == "larder-prod"
    assert prod["DatabaseB269D8BB"]["Properties"]["DatabaseInput"]["Name"] == "larder_prod"
