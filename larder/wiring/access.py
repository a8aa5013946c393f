"""A feature group of a platform as IAM sees it, for ``larder access policy``."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from larder.access.policy import Fenced, fenced
from larder.aws.refusals import refusal
from larder.bucket_folders import RESULTS
from larder.errors import ConfigurationError, ResourceNotFound, ValidationError
from larder.wiring.location import Location
from larder.wiring.sagemaker import CONTROL, ApiSettings, sagemaker_client

_REFUSED = {"ValidationException": ValidationError}


@dataclass(frozen=True, kw_only=True)
class FenceSettings(ApiSettings):
    """The names by which IAM knows the platform's parts (``PublishedSettings``)."""

    partition: str
    account_id: str
    offline_bucket: str
    workgroup: str
    api_id: str = ""
    kms_key_arn: str = ""


def open_fence(location: Location, group: str) -> Fenced:
    """The group of that name or ARN, which the caller must be allowed to see.

    Raises:
        ConfigurationError: the platform's settings lack the API's id or the key.
        ResourceNotFound: there is no such group.
        AccessForbidden: the caller may not see it.
        ThrottlingException, ServiceUnavailable: the API refused for load, or did not answer.
    """
    settings = location.settings(FenceSettings)
    missing = [name for name in ("api_id", "kms_key_arn") if not getattr(settings, name)]
    if missing:
        raise ConfigurationError(
            f"{location.origin}: {' and '.join(missing)} missing, without which no policy can name "
            f"the platform's parts. {location.cure}"
        )
    client = sagemaker_client(CONTROL, settings)
    try:
        described = client.describe_feature_group(FeatureGroupName=group)
    except (ClientError, BotoCoreError) as error:
        what = f"feature group {group} could not be described"
        raise refusal(what, error, {"ResourceNotFound": ResourceNotFound, **_REFUSED}) from error
    known = {**{name: str(value) for name, value in vars(settings).items()}, "results": RESULTS}
    return fenced(described, **known)
