"""The address of S3, from the AWS SDK's own variables."""

from __future__ import annotations

import os
from collections.abc import Mapping

from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.environment import ca_bundle_from


def s3_endpoint(region: str, partition: str, env: Mapping[str, str] = os.environ) -> Endpoint:
    """``AWS_ENDPOINT_URL_S3``, else ``AWS_ENDPOINT_URL``, else the region's own."""
    url = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
    if not url:
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        url = f"https://s3.{region}.{suffix}"
    return Endpoint.at(url, region, ca_bundle_from(env))
