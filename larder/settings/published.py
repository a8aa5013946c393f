"""Settings that a stage publishes for Python programs (``larder.connect``)."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.runtime import RuntimeSettings


def client_parameter(stage: str) -> str:
    """Name of the SSM parameter where a stage publishes its ``PublishedSettings``.

    Its value is the JSON of ``to_env()``.
    """
    return f"/larder/{stage}/client"


@dataclass(frozen=True, kw_only=True)
class PublishedSettings(RuntimeSettings):
    """All stores, and the API.

    Attributes:
        offline_bucket: where the history is kept.
        database: the Glue database of its tables.
        workgroup: the Athena workgroup that queries it.
        api_endpoint: the URL of the HTTP API, which serves both planes.
        api_id: the API's id, by which IAM names its paths; empty where an older release published.
        kms_key_arn: the key of all stores; empty as above.
    """

    offline_bucket: str
    database: str
    workgroup: str
    api_endpoint: str
    api_id: str = ""
    kms_key_arn: str = ""
