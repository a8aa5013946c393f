"""DuckDB that reads S3 with the AWS SDK's own credentials, endpoint and trust."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
import duckdb

from larder.as_of.text import literal
from larder.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_EXTENSIONS = ("httpfs", "avro", "iceberg")  # iceberg needs the others


def connect(client: S3Client, folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that sees S3 as the client does, and spills into a folder.

    Raises:
        ConfigurationError: there are no credentials, or an extension can't be had.
    """
    connection = duckdb.connect(
        config={
            "temp_directory": str(folder),
            "preserve_insertion_order": False,  # rows carry their number
        }
    )
    connection.execute("SET enable_profiling = 'no_output'")
    connection.execute('SET custom_profiling_settings = \'{"TOTAL_BYTES_READ": "true"}\'')
    for extension in _EXTENSIONS:
        _load(connection, extension)
    bundle = botocore.session.Session().get_config_variable("ca_bundle")
    if bundle:
        connection.execute(f"SET GLOBAL ca_cert_file = {literal(bundle)}")
    connection.execute(_secret(client))
    return connection


def bytes_read(connection: duckdb.DuckDBPyConnection) -> int:
    """The bytes that the last statement read."""
    profile = connection.get_profiling_information()
    return int(json.loads(profile).get("total_bytes_read", 0)) if profile else 0


def _load(connection: duckdb.DuckDBPyConnection, extension: str) -> None:
    """From its wheel where that is installed, else from DuckDB's own repository."""
    wheel = importlib.util.find_spec(f"duckdb_extension_{extension}")
    try:
        if wheel is not None and wheel.origin is not None:
            pattern = f"extensions/*/{extension}.duckdb_extension"
            file = next(Path(wheel.origin).parent.glob(pattern))
            connection.execute(f"LOAD {literal(str(file))}")
        else:
            connection.execute(f"INSTALL {extension}; LOAD {extension}")
    except duckdb.Error as error:
        raise ConfigurationError(
            f"DuckDB's extension {extension} can't be loaded: {error}; pip install "
            f"duckdb-extension-{extension}=={duckdb.__version__}"
        ) from error


def _secret(client: S3Client) -> str:
    credentials = boto3.Session().get_credentials()
    if credentials is None:
        raise ConfigurationError("there are no AWS credentials to read S3 with")
    frozen, url = credentials.get_frozen_credentials(), urlsplit(client.meta.endpoint_url)
    is_aws = (url.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
    parts = {
        "KEY_ID": frozen.access_key,
        "SECRET": frozen.secret_key,
        "SESSION_TOKEN": frozen.token,
        "REGION": client.meta.region_name,
        "ENDPOINT": None if is_aws else url.netloc,
        "URL_STYLE": None if is_aws else "path",
    }
    given = [f"{key} {literal(value)}" for key, value in parts.items() if value]
    return f"CREATE SECRET (TYPE s3, {', '.join(given)}, USE_SSL {url.scheme == 'https'})"
