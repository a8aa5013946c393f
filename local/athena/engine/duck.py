"""DuckDB made ready: extensions without the internet, the emulator's S3, Trino's functions."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from local.athena.language.macros import MACROS
from local.athena.tables.cloud import Cloud

_EXTENSIONS = ("httpfs", "avro", "iceberg")


def connect(cloud: Cloud, *, memory_limit: str, spill_directory: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that reaches the emulator's S3 and nothing else.

    The local file system stays closed to statements; only spilling under memory pressure uses
    ``spill_directory``. Cursors share everything set here.
    """
    connection = duckdb.connect()
    for name in _EXTENSIONS:
        connection.execute(f"LOAD '{_extension(name)}'")
    if cloud.ca_bundle:
        connection.execute("SET GLOBAL ca_cert_file = ?", [cloud.ca_bundle])
        connection.execute("SET GLOBAL enable_server_cert_verification = true")
    connection.execute(_secret(cloud))
    for setting, value in _settings(memory_limit, spill_directory).items():
        connection.execute(f"SET GLOBAL {setting} = {value}")
    for macro in MACROS:
        connection.execute(f"CREATE MACRO {macro}")
    return connection


def measure(cursor: duckdb.DuckDBPyConnection) -> None:
    """Have the cursor count the bytes its statements read."""
    cursor.execute("SET enable_profiling = 'no_output'")
    cursor.execute('SET custom_profiling_settings = \'{"TOTAL_BYTES_READ": "true"}\'')


def bytes_read(cursor: duckdb.DuckDBPyConnection) -> int:
    """Bytes that the cursor's last statement read from S3; 0 where DuckDB can't say."""
    profile = cursor.get_profiling_information()
    return int(json.loads(profile).get("total_bytes_read", 0)) if profile else 0


def text(value: str) -> str:
    """A string literal of DuckDB's."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """A quoted identifier of DuckDB's."""
    return '"' + value.replace('"', '""') + '"'


def _extension(extension: str) -> Path:
    """The extension's binary in its own wheel: INSTALL would need the internet."""
    spec = importlib.util.find_spec(f"duckdb_extension_{extension}")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"duckdb-extension-{extension} is not installed; pip install it in duckdb's version"
        )
    pattern = f"extensions/*/{extension}.duckdb_extension"
    return next(Path(spec.origin).parent.glob(pattern))


def _secret(cloud: Cloud) -> str:
    url = urlsplit(cloud.s3_endpoint)
    parts = {
        "TYPE": "s3",
        "KEY_ID": text(cloud.access_key),
        "SECRET": text(cloud.secret_key),
        "REGION": text(cloud.region),
        "ENDPOINT": text(url.netloc),
        "URL_STYLE": "'path'",
        "USE_SSL": "true" if url.scheme == "https" else "false",
    }
    if cloud.session_token:
        parts["SESSION_TOKEN"] = text(cloud.session_token)
    return f"CREATE SECRET ({', '.join(f'{key} {value}' for key, value in parts.items())})"


def _settings(memory_limit: str, spill_directory: Path) -> dict[str, str]:
    return {
        "timezone": "'UTC'",
        "integer_division": "true",  # 7 / 2 is 3 in Trino
        "memory_limit": text(memory_limit),
        "temp_directory": text(str(spill_directory)),
        "enable_external_file_cache": "false",  # an object may be replaced, and reads be counted
        "python_enable_replacements": "false",
        "allowed_directories": "['s3://']",
        "enable_external_access": "false",
    }
