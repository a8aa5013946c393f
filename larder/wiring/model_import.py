"""The import of models over S3 and the registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from larder.access.rules import AccessRules
from larder.aws.dynamodb.boto import BotoDynamo
from larder.bucket_folders import MODELS
from larder.groups.adapters.dynamodb_lookup import DynamoGroups
from larder.groups.names import Home
from larder.models.adapters.inspection_process import InspectionProcess
from larder.models.adapters.s3_imports import S3Artefacts, S3ModelStore
from larder.models.import_model import ModelImport
from larder.settings.model_import import ModelImportSettings
from larder.wiring import model_inspection
from larder.wiring.boto import background


def open_model_import(settings: ModelImportSettings) -> ModelImport:
    """The import of the platform that the settings describe.

    Raises:
        ConfigurationError: a pattern of an administrator is malformed.
    """
    config = background()
    s3 = boto3.client("s3", config=config)
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    home = Home(settings.partition, settings.region, settings.account_id)
    return ModelImport(
        source=S3Artefacts(s3, settings.readable),
        inspector=InspectionProcess(
            model_inspection.__name__, settings.inspection_seconds, settings.inspection_bytes
        ),
        store=S3ModelStore(s3, settings.models_bucket, MODELS),
        groups=DynamoGroups(dynamodb, settings.registry_table),
        rules=AccessRules.read(home, settings.administrators, settings.missing_grants_deny),
        workplace=_workplace,
    )


@contextmanager
def _workplace() -> Iterator[Path]:
    with TemporaryDirectory(prefix="import-") as folder:
        yield Path(folder)
