"""Alerts as messages of an SNS topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal


@dataclass(frozen=True, slots=True)
class SnsAlerts:
    """Implements ``larder.monitoring.ports.Alerts``."""

    client: Any  # boto3's of SNS
    topic: str

    def send(self, subject: str, message: str) -> None:
        """As the port says."""
        try:
            self.client.publish(TopicArn=self.topic, Subject=subject, Message=message)
        except (ClientError, BotoCoreError) as error:
            raise refusal("SNS did not take an alert", error, {}) from error
