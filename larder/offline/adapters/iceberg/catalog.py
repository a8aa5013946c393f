"""The Iceberg catalog (Glue and S3, found by the AWS SDK's own environment), and its tables.

Arrow reads S3 through its own C++ client, which takes credentials from the environment but not the
SDK's endpoint variables; trust in a private CA it takes from ``SSL_CERT_FILE``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import Table

from larder.groups.feature_group import FeatureGroup
from larder.offline.adapters.iceberg.errors import translated_errors
from larder.offline.adapters.iceberg.schema import check_owner
from larder.offline.adapters.iceberg.storage import SharingCatalog
from larder.offline.ports import TableUnusable

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient


def open_catalog(env: Mapping[str, str] = os.environ) -> GlueCatalog:
    """The catalog that the SDK's variables name."""
    return SharingCatalog("larder", glue_client(), **file_properties(env))


def open_files(env: Mapping[str, str] = os.environ) -> PyArrowFileIO:
    """S3's files, read in ranges, in the cloud that the SDK's variables name."""
    return PyArrowFileIO(file_properties(env))


def bucket_files(bucket: str) -> Any:  # noqa: ANN401 - pyarrow is untyped
    """A bucket as a filesystem of Arrow, in the cloud that the SDK's variables name."""
    return open_files().fs_by_scheme("s3", bucket)


def file_properties(env: Mapping[str, str]) -> dict[str, str]:
    """PyIceberg's properties of S3, from ``AWS_REGION``, ``AWS_ENDPOINT_URL[_S3]``.

    The region is always given: PyIceberg would ask the network for each bucket's otherwise. With
    an endpoint Arrow addresses buckets by path, without one by host name.
    """
    properties = {
        "s3.region": env.get("AWS_REGION") or env["AWS_DEFAULT_REGION"],
        "s3.connect-timeout": "3.0",
        "s3.request-timeout": "30.0",
    }
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
    if endpoint:
        properties["s3.endpoint"] = endpoint
    return properties


def glue_client() -> GlueClient:
    """A Glue client that never retries by itself.

    PyIceberg takes Glue's refusal of a stale version for proof that a commit did not land, and
    deletes its manifests. Where botocore had repeated an UpdateTable whose answer was lost, the
    second try is refused because the first one landed. The deletion would then break the table.
    """
    return boto3.client(
        "glue",
        config=Config(
            connect_timeout=3,
            read_timeout=30,
            retries={"total_max_attempts": 1, "mode": "standard"},
        ),
    )


@contextmanager
def owned_table(catalog: Catalog, group: FeatureGroup) -> Iterator[Table]:
    """The table, and failures around it in the core's words.

    Raises:
        TableUnusable: the group has no offline store, or the table is missing or another's.
    """
    if group.offline is None:
        raise TableUnusable(f"feature group {group.name} has no offline store")
    place = (group.offline.database, group.offline.table)
    with translated_errors(".".join(place)):
        table = catalog.load_table(place)
        check_owner(table, group)
        yield table
