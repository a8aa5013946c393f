"""The deployed lifecycle function tells the default bus of every status a group comes to."""

import json
import time
import uuid
from typing import Any

import pytest

from tests.e2e.conftest import DeployedPlatform
from tests.support.deadlines import PATIENCE

pytestmark = pytest.mark.e2e
SECONDS = PATIENCE


def _heard(sqs: Any, queue: str, wanted: set[str]) -> set[str]:
    """Statuses that arrive in the queue until those wanted have, or the time is up."""
    statuses: set[str] = set()
    deadline = time.monotonic() + SECONDS
    while not wanted <= statuses and time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            statuses.add(json.loads(message["Body"])["detail"]["FeatureGroupStatus"])
    return statuses


def test_a_groups_life_is_told_on_the_default_bus(platform: DeployedPlatform) -> None:
    name = f"told-{uuid.uuid4().hex[:8]}"
    sqs, events = platform.client("sqs"), platform.client("events")
    control = platform.client("sagemaker")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn["QueueArn"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["larder"], "detail": {"FeatureGroupName": [name]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])
    try:
        control.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName="id",
            EventTimeFeatureName="at",
            FeatureDefinitions=[
                {"FeatureName": feature, "FeatureType": "String"} for feature in ("id", "at")
            ],
            OnlineStoreConfig={"EnableOnlineStore": True},
        )
        control.delete_feature_group(FeatureGroupName=name)
        assert _heard(sqs, queue, {"Created", "Deleting"}) >= {"Created", "Deleting"}
    finally:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)
        sqs.delete_queue(QueueUrl=queue)
