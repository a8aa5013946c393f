"""Alarms of CloudWatch. Source: AWS, CloudWatch API reference, "DescribeAlarms"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal

_TYPES = ["MetricAlarm", "CompositeAlarm"]
"""Without them CloudWatch leaves composite alarms out."""


@dataclass(frozen=True, slots=True)
class CloudWatchAlarms:
    """Implements ``larder.models.registry.Alarms``; ten alarms fit into one answer."""

    client: Any  # boto3's, for which no stubs are installed

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        try:
            answer = self.client.describe_alarms(AlarmNames=list(names), AlarmTypes=_TYPES)
        except (ClientError, BotoCoreError) as error:
            raise refusal("CloudWatch did not say (cloudwatch:DescribeAlarms)", error) from error
        found = (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ()))
        return {each["AlarmName"]: each["StateValue"] for each in found}
