"""CloudFormation: properties that ministack accepts and drops, applied through its own APIs.

- DynamoDB tables and global tables: time to live, point-in-time recovery, encryption, deletion
  protection (a global table has the last three per replica).
- S3 buckets: default encryption and lifecycle rules.
- CloudWatch alarms on metric math are refused; they are stored and never evaluated.
"""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_region
from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
_HANDLERS = provisioners._RESOURCE_HANDLERS


def install() -> None:
    """Wrap the provisioners of the types named above."""
    _after("AWS::DynamoDB::Table", _apply_table)
    _after("AWS::DynamoDB::GlobalTable", lambda name, p: _apply_table(name, as_table(p)))
    _after("AWS::S3::Bucket", _apply_bucket)
    _store_metric_math()


def as_table(properties: Properties) -> Properties:
    """A global table's properties as a table's: those of this Region's replica moved up."""
    replicas = properties.get("Replicas") or []
    mine: Properties = next((r for r in replicas if r.get("Region") == get_region()), {})
    encryption = {**(properties.get("SSESpecification") or {})}
    encryption |= mine.get("SSESpecification") or {}
    return {
        **properties,
        "PointInTimeRecoverySpecification": mine.get("PointInTimeRecoverySpecification"),
        "DeletionProtectionEnabled": mine.get("DeletionProtectionEnabled", False),
        "SSESpecification": encryption,
    }


def _after(resource_type: str, apply: Callable[[str, Properties], None]) -> None:
    handler = dict(_HANDLERS[resource_type])
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        name, attributes = create(logical_id, properties, stack)
        apply(name, properties)
        return name, attributes

    def updated(
        physical_id: str, old: Properties, new: Properties, stack: str, **extra: str
    ) -> tuple[str, Properties]:
        name, attributes = update(physical_id, old, new, stack, **extra)
        apply(name, new)
        return name, attributes

    _HANDLERS[resource_type] = {**handler, "create": created, "update": updated}


def _apply_table(name: str, properties: Properties) -> None:
    if lifetime := properties.get("TimeToLiveSpecification"):
        _accepted(
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": lifetime}), name
        )
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        request = {"TableName": name, "PointInTimeRecoverySpecification": recovery}
        _accepted(dynamodb._update_continuous_backups(request), name)
    encryption = properties.get("SSESpecification") or {}
    table = dynamodb._tables[name]
    table["DeletionProtectionEnabled"] = properties.get("DeletionProtectionEnabled", False)
    table["SSEDescription"] = dynamodb._sse_description_from_spec(
        {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": encryption.get("KMSMasterKeyId")}
        if encryption.get("SSEEnabled")
        else None
    )


def _apply_bucket(name: str, properties: Properties) -> None:
    encryption = (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration")
    # A default of aws:kms without a key is AWS's own key there and an error in ministack at every
    # PutObject: the bucket of the CDK's bootstrap stack is left as it is.
    rules = [rule for rule in encryption or [] if not _names_no_key(rule)]
    if rules:
        body = {"Rule": [_encryption_rule(rule) for rule in rules]}
        _accepted(s3._put_bucket_encryption(name, _xml("ServerSideEncryptionConfiguration", body)))
    lifecycle = (properties.get("LifecycleConfiguration") or {}).get("Rules")
    if lifecycle:
        body = {"Rule": [lifecycle_rule(index, rule) for index, rule in enumerate(lifecycle)]}
        _accepted(s3._put_bucket_lifecycle(name, _xml("LifecycleConfiguration", body)))


def lifecycle_rule(index: int, rule: Properties) -> Properties:
    """A lifecycle rule of a template as the S3 API spells it."""
    spelled: Properties = {
        "ID": rule.get("Id", f"rule{index}"),
        "Filter": {"Prefix": rule.get("Prefix", "")},
        "Status": rule["Status"],
    }
    if "ExpirationInDays" in rule:
        spelled["Expiration"] = {"Days": rule["ExpirationInDays"]}
    elif "ExpiredObjectDeleteMarker" in rule:
        marker = rule["ExpiredObjectDeleteMarker"]
        spelled["Expiration"] = {"ExpiredObjectDeleteMarker": marker}
    if "Transitions" in rule:
        spelled["Transition"] = [
            {"Days": move.get("TransitionInDays", 0), "StorageClass": move["StorageClass"]}
            for move in rule["Transitions"]
        ]
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in rule:
            spelled[same] = rule[same]
    return spelled


def _names_no_key(rule: Properties) -> bool:
    default = rule.get("ServerSideEncryptionByDefault") or {}
    return default.get("SSEAlgorithm") == "aws:kms" and not default.get("KMSMasterKeyID")


def _encryption_rule(rule: Properties) -> Properties:
    return {
        "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {}),
        "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
    }


def _xml(tag: str, value: object) -> bytes:
    return _element(tag, value).encode()


def _element(tag: str, value: object) -> str:
    if isinstance(value, list):
        return "".join(_element(tag, item) for item in value)
    if isinstance(value, dict):
        inner = "".join(_element(key, item) for key, item in value.items())
    else:
        inner = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{tag}>{inner}</{tag}>"


def _store_metric_math() -> None:
    record = provisioners._cw_metric_alarm_record

    def with_stand_in(name: str, properties: Properties) -> Properties:
        if properties.get("Metrics"):
            properties = {k: v for k, v in properties.items() if k != "Metrics"}
            properties |= {"MetricName": "MetricMath", "Namespace": "Local/MetricMath"}
        alarm: Properties = record(name, properties)
        return alarm

    provisioners._cw_metric_alarm_record = with_stand_in


def _accepted(response: tuple[int, object, object], name: str = "") -> None:
    if response[0] >= 400:
        message = f"{name}: {response[2]!r}"
        raise ValueError(message)
