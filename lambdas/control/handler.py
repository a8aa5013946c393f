"""Entry point of the control plane: builds the object graph once, at cold start."""

from lambdas.control.routes import create_handler
from larder.settings.control import ControlSettings
from larder.wiring.control import open_control

_plane = open_control(ControlSettings.from_env())

handler = create_handler(
    _plane.catalog,
    _plane.rules,
    _plane.forward,
    _plane.models,
    _plane.transforms,
    _plane.monitoring,
)
