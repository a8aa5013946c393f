"""Settings that a stage publishes for Python programs (``larder.connect``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from larder.formats import Format
from larder.settings.runtime import RuntimeSettings

_FORMAT = Format("published-settings")
_NUMBER = "LARDER_FORMAT"


def client_parameter(stage: str) -> str:
    """Name of the SSM parameter where a stage publishes its ``PublishedSettings``.

    Its value is the JSON of ``to_env()``.
    """
    return f"/larder/{stage}/client"


def check_published(parameter: str, variables: Mapping[str, str]) -> None:
    """Refuse what a newer release has published in a form that is not known here.

    Raises:
        NewerFormat: it is.
    """
    _FORMAT.check(f"the SSM parameter {parameter}", variables.get(_NUMBER))


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
        pipelines_machine: the ARN of the pipelines' state machine; empty as above.
        pipelines_definitions: where the declared pipelines lie on S3; empty as above.
        predictions_machine: the ARN of the predictions' state machine; empty as above.
        predictions_definitions: where the declared predictions lie on S3; empty as above.
        inference_function: the alias of the function that computes models; empty as above.
        trainings_machine: the ARN of the trainings' state machine; empty as above.
        trainings_definitions: where the declared trainings lie on S3; empty as above.
        offline_writer_function: the function that writes the stream's versions; empty as above.
    """

    offline_bucket: str
    database: str
    workgroup: str
    api_endpoint: str
    api_id: str = ""
    kms_key_arn: str = ""
    pipelines_machine: str = ""
    pipelines_definitions: str = ""
    predictions_machine: str = ""
    predictions_definitions: str = ""
    inference_function: str = ""
    trainings_machine: str = ""
    trainings_definitions: str = ""
    offline_writer_function: str = ""
