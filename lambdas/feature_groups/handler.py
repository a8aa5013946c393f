"""Entry point of the custom resource ``Custom::LarderFeatureGroups``."""

import time

from lambdas.feature_groups.events import Answers, Applier, create_handler
from larder.settings.control import ControlSettings
from larder.wiring.feature_groups import open_definitions_resource
from larder.wiring.lambda_context import in_time

_RESERVE_SECONDS = 30.0
"""Kept back for the answer: CloudFormation waits an hour where none comes."""

_resource = open_definitions_resource(ControlSettings.from_env())

handler = in_time(
    create_handler(
        Applier(_resource.catalog, _resource.read, time.sleep),
        Answers(_resource.tls, time.sleep),
    ),
    reserve_seconds=_RESERVE_SECONDS,
)
