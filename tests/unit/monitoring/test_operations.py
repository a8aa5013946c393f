"""What the control plane knows of monitoring before it has imported it."""

from lambdas.control.routes import MONITORING
from larder.monitoring.api.operations import monitoring_operations
from larder.monitoring.api.shapes import REQUESTS


def test_the_operations_that_are_known_before_are_those_that_there_are():
    assert set(monitoring_operations(None)) == MONITORING
    assert REQUESTS.keys() == MONITORING
