"""A feature store as a test uses it: boto3's clients and what every test would write again."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

import boto3

import larder
from tests.conformance.target import Target
from tests.conformance.waiting import eventually

RUNTIME, CONTROL = "sagemaker-featurestore-runtime", "sagemaker"
ID, AT = "id", "at"
FEATURES = {
    ID: "String",
    AT: "String",
    "clicks": "Integral",
    "score": "Fractional",
    "city": "String",
}
T0, T1, T2, T3 = (f"2024-01-01T00:00:0{second}Z" for second in range(4))
_names = count()


def definitions(features=FEATURES):
    """FeatureDefinitions; a value that is a dictionary has more members than the type."""
    return [
        {"FeatureName": name, **(kind if isinstance(kind, dict) else {"FeatureType": kind})}
        for name, kind in features.items()
    ]


def values(features):
    """A Record: texts and lists of texts by feature name."""
    return [
        {"FeatureName": name, f"ValueAsString{'List' if isinstance(value, list) else ''}": value}
        for name, value in features.items()
    ]


def as_dict(record):
    """A Record's values by feature name."""
    return {
        each["FeatureName"]: each.get("ValueAsString", each.get("ValueAsStringList"))
        for each in record
    }


def reading(client, group):
    """A call that asks after a group, and its members."""
    members = {"FeatureGroupName": group}
    if client.meta.service_model.service_name == CONTROL:
        return client.describe_feature_group, members
    return client.get_record, members | {"RecordIdentifierValueAsString": "x"}


@dataclass
class Store:
    """Clients made as any program makes them, and groups that last as long as the run."""

    target: Target
    made: list[str] = field(default_factory=list)

    @cached_property
    def sm(self) -> Any:
        """The control plane."""
        return boto3.client(CONTROL)

    @cached_property
    def rt(self) -> Any:
        """The data plane."""
        if self.target.door == "direct":
            return larder.connect().records.as_boto3()
        return boto3.client(RUNTIME)

    @cached_property
    def account(self) -> str:
        return boto3.client("sts").get_caller_identity()["Account"]

    @property
    def role(self) -> str:
        return self.target.role or f"arn:aws:iam::{self.account}:role/larder-conformance"

    def name(self, word="group"):
        """A name that no other run and no other test uses."""
        return f"conf-{self.target.run}-{word}-{next(_names)}"

    def request(self, name, *, online=True, offline=False, features=FEATURES, **more):
        """CreateFeatureGroup's members; ``online`` and ``offline`` may be configurations."""
        request = {
            "FeatureGroupName": name,
            "RecordIdentifierFeatureName": ID,
            "EventTimeFeatureName": AT,
            "FeatureDefinitions": definitions(features),
        }
        if online:
            request["OnlineStoreConfig"] = {
                "EnableOnlineStore": True,
                **(online if isinstance(online, dict) else {}),
            }
        if offline:
            request["OfflineStoreConfig"] = {
                "S3StorageConfig": {"S3Uri": f"s3://{self.target.bucket}/offline"},
                **(offline if isinstance(offline, dict) else {}),
            }
            request["RoleArn"] = self.role
        return request | more

    def create(self, word="group", **settings):
        """A group in status Created; its name."""
        name = self.start(word, **settings)
        self.wait(name)
        return name

    def start(self, word="group", **settings):
        """CreateFeatureGroup, and no waiting; the group's name."""
        name = settings.pop("name", None) or self.name(word)
        self.made.append(name)
        self.sm.create_feature_group(**self.request(name, **settings))
        return name

    def wait(self, name, status="Created"):
        """Describe the group once it has the status; fail if it ends in another."""

        def settled():
            group = self.sm.describe_feature_group(FeatureGroupName=name)
            return group["FeatureGroupStatus"] not in ("Creating", "Deleting") and group

        group = eventually(settled, seconds=self.target.group_seconds)
        assert group["FeatureGroupStatus"] == status, group.get("FailureReason")
        return group

    def wait_updated(self, name, status="Successful"):
        """Describe the group once its last update is done."""

        def settled():
            group = self.sm.describe_feature_group(FeatureGroupName=name)
            return group["LastUpdateStatus"]["Status"] != "InProgress" and group

        group = eventually(settled, seconds=self.target.group_seconds)
        assert group["LastUpdateStatus"]["Status"] == status, group["LastUpdateStatus"]
        return group

    def wait_gone(self, name):
        """Return once the group is no longer described."""

        def gone():
            try:
                self.sm.describe_feature_group(FeatureGroupName=name)
            except self.sm.exceptions.ResourceNotFound:
                return True
            return False

        eventually(gone, seconds=self.target.group_seconds)

    def put(self, group, identifier, at, features=None, **members):
        """PutRecord; ``members`` are TargetStores and TtlDuration."""
        record = values({ID: identifier, AT: at, **(features or {})})
        return self.rt.put_record(FeatureGroupName=group, Record=record, **members)

    def get(self, group, identifier, **members):
        """The record's values by name, or None."""
        answer = self.answer(group, identifier, **members)
        return as_dict(answer["Record"]) if "Record" in answer else None

    def answer(self, group, identifier, **members):
        """GetRecord's answer."""
        return self.rt.get_record(
            FeatureGroupName=group, RecordIdentifierValueAsString=identifier, **members
        )

    def delete(self, group, identifier, at, **members):
        """DeleteRecord."""
        return self.rt.delete_record(
            FeatureGroupName=group,
            RecordIdentifierValueAsString=identifier,
            EventTime=at,
            **members,
        )

    def batch_get(self, *entries):
        """BatchGetRecord for (group, identifiers)."""
        return self.rt.batch_get_record(
            Identifiers=[
                {"FeatureGroupName": group, "RecordIdentifiersValueAsString": list(identifiers)}
                for group, identifiers in entries
            ]
        )

    def update(self, group, identifier, features, **members):
        """UpdateRecord."""
        return self.rt.update_record(
            FeatureGroupName=group,
            RecordIdentifierValueAsString=identifier,
            Features=values(features),
            **members,
        )

    def listed(self, group, **members):
        """All identifiers that ListRecords pages through."""
        pages = self.rt.get_paginator("list_records").paginate(FeatureGroupName=group, **members)
        return [identifier for page in pages for identifier in page["RecordIdentifiers"]]
