"""Entry point of InvokeEndpoint: builds the object graph once, at cold start."""

import gc

from lambdas.inference.routes import create_handler
from larder.settings.inference import InferenceSettings
from larder.telemetry.log import Log
from larder.wiring.inference import open_inference

_settings = InferenceSettings.from_env()
_log = Log.of(_settings.stage, "inference")
_plane = open_inference(_settings, _log)

handler = create_handler(_plane.api, _plane.warm_up, _plane.scoring, log=_log)

gc.freeze()  # what a cold start has made lives as long as the process: never walk it again
