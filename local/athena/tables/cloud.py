"""Where the emulator's S3, Glue and Athena control plane are, and with whose credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_CONFIG = Config(retries={"total_max_attempts": 3, "mode": "standard"}, max_pool_connections=20)

_DELETE_BATCH = 1000  # DeleteObjects' limit


@dataclass(frozen=True, slots=True)
class Cloud:
    """One emulator, read from the AWS SDK's own variables.

    ``ca_bundle`` is a file of certificates to trust, or empty for a plain HTTP endpoint.
    """

    endpoint: str
    s3_endpoint: str
    glue_endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    ca_bundle: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Cloud:
        """Read the environment.

        Raises:
            ValueError: variables are missing; all of them are named.
        """
        required = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        missing = [name for name in required if not env.get(name)]
        region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
        if not region:
            missing.append("AWS_REGION")
        if missing or not region:
            raise ValueError(f"not set: {', '.join(missing)}; they name the emulator to work on")
        endpoint = env["AWS_ENDPOINT_URL"].rstrip("/")
        return cls(
            endpoint=endpoint,
            s3_endpoint=env.get("AWS_ENDPOINT_URL_S3", endpoint).rstrip("/"),
            glue_endpoint=env.get("AWS_ENDPOINT_URL_GLUE", endpoint).rstrip("/"),
            region=region,
            access_key=env["AWS_ACCESS_KEY_ID"],
            secret_key=env["AWS_SECRET_ACCESS_KEY"],
            session_token=env.get("AWS_SESSION_TOKEN", ""),
            ca_bundle=env.get("AWS_CA_BUNDLE", ""),
        )

    def s3(self) -> S3Client:
        """A client of the emulator's S3."""
        path_style = _CONFIG.merge(Config(s3={"addressing_style": "path"}))
        return self._session().client(
            "s3", endpoint_url=self.s3_endpoint, verify=self.ca_bundle or None, config=path_style
        )

    def glue(self) -> GlueClient:
        """A client of the emulator's Glue catalog."""
        return self._session().client(
            "glue", endpoint_url=self.glue_endpoint, verify=self.ca_bundle or None, config=_CONFIG
        )

    def control_plane(self) -> AthenaClient:
        """A client of the emulator's own Athena, which knows the workgroups."""
        return self._session().client(
            "athena", endpoint_url=self.endpoint, verify=self.ca_bundle or None, config=_CONFIG
        )

    def iceberg_properties(self) -> dict[str, str]:
        """PyIceberg's properties for tables of the emulator."""
        properties = {
            "s3.endpoint": self.s3_endpoint,
            "s3.region": self.region,
            "s3.access-key-id": self.access_key,
            "s3.secret-access-key": self.secret_key,
        }
        if self.session_token:
            properties["s3.session-token"] = self.session_token
        return properties

    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.session_token or None,
            region_name=self.region,
        )


def split_s3(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` address.

    Raises:
        ValueError: it is no such address.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in ("s3", "s3a", "s3n") or not bucket:
        raise ValueError(f"{uri!r} is not an address s3://bucket/prefix")
    return bucket, key


def list_objects(s3: S3Client, location: str) -> list[tuple[str, int]]:
    """Address and size of each data object below a table's location.

    As Hive does, names that begin with ``_`` or ``.`` and empty objects are left out.
    """
    bucket, key = split_s3(location)
    prefix = key.rstrip("/") + "/" if key else ""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        (f"s3://{bucket}/{item['Key']}", item["Size"])
        for page in pages
        for item in page.get("Contents", [])
        if item["Size"] and item["Key"].rsplit("/", 1)[-1][0] not in "_."
    ]


def all_objects(s3: S3Client, location: str) -> list[tuple[str, datetime]]:
    """Address and last change of each object below a folder, metadata included."""
    bucket, key = split_s3(location)
    prefix = key.rstrip("/") + "/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        (f"s3://{bucket}/{item['Key']}", item["LastModified"])
        for page in pages
        for item in page.get("Contents", [])
    ]


def delete_below(s3: S3Client, location: str) -> None:
    """Delete all that lies below a folder."""
    delete_objects(s3, [address for address, _ in all_objects(s3, location)])


def delete_objects(s3: S3Client, addresses: Sequence[str]) -> None:
    """Delete objects by their addresses."""
    by_bucket: dict[str, list[ObjectIdentifierTypeDef]] = {}
    for address in addresses:
        bucket, key = split_s3(address)
        by_bucket.setdefault(bucket, []).append({"Key": key})
    for bucket, keys in by_bucket.items():
        for start in range(0, len(keys), _DELETE_BATCH):
            s3.delete_objects(
                Bucket=bucket, Delete={"Objects": keys[start : start + _DELETE_BATCH]}
            )
