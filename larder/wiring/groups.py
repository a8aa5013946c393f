"""The control plane of a platform, by boto3's client of its API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from larder.wiring.sagemaker import CONTROL, ApiSettings, sagemaker_client


@dataclass(frozen=True, kw_only=True)
class GroupsSettings(ApiSettings):
    """The API, and the defaults of a new group's offline store: bucket, account, partition."""

    offline_bucket: str = ""
    account_id: str = ""
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class GroupsApi:
    """boto3's client of ``sagemaker``, and the defaults of a group with an offline store."""

    client: Any
    s3_uri: str | None
    role_arn: str | None


def open_groups(settings: GroupsSettings) -> GroupsApi:
    """The control plane's client.

    Raises:
        ConfigurationError: its endpoint is not known.
    """
    account, bucket = settings.account_id, settings.offline_bucket
    return GroupsApi(
        sagemaker_client(CONTROL, settings),
        f"s3://{bucket}/offline" if bucket else None,
        f"arn:{settings.partition}:iam::{account}:role/larder" if account else None,
    )
