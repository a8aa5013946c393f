"""Entry point of the import of models: builds the object graph once, at cold start."""

from lambdas.model_import.events import create_import
from larder.settings.model_import import ModelImportSettings
from larder.telemetry.log import Log
from larder.wiring.model_import import open_model_import

_settings = ModelImportSettings.from_env()

handler = create_import(open_model_import(_settings), Log.of(_settings.stage, "model_import"))
