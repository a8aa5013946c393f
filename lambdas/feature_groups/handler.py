"""Entry point of the custom resource ``Custom::LarderFeatureGroups``."""

import time

from lambdas.feature_groups.events import Applier, create_handler
from larder.settings.control import ControlSettings
from larder.wiring.feature_groups import open_definitions_resource
from larder.wiring.lambda_context import in_time

_RESERVE_SECONDS = 30.0
"""Kept back for the answer: CloudFormation waits an hour where none comes."""

_resource = open_definitions_resource(ControlSettings.from_env())

handler = in_time(
    create_handler(Applier(_resource.catalog, _resource.read, time.sleep), _resource.answers),
    reserve_seconds=_RESERVE_SECONDS,
)
