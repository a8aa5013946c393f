"""Entry point of the custom resource ``Custom::LarderFeatureGroups``."""

from lambdas.feature_groups.events import Applier, create_handler
from larder.settings.feature_groups import FeatureGroupsSettings
from larder.telemetry.log import Log
from larder.wiring.feature_groups import open_definitions_resource

_settings = FeatureGroupsSettings.from_env()
_resource = open_definitions_resource(_settings)

_log = Log.of(_settings.stage, "feature_groups")

handler = create_handler(
    Applier(
        catalog=_resource.catalog,
        read=_resource.read,
        clock=_resource.catalog.clock,
        patience_seconds=_settings.patience_seconds,
        log=_log,
    ),
    _log,
)
