"""The data plane's request shapes say what botocore's own model says."""

import pytest

from larder.records.api.shapes import REQUESTS
from tests.support.service_models import of_model, of_ours, service_model

SERVICE = "sagemaker-featurestore-runtime"


def _with_line_breaks(shape):
    """The shape without the pattern ``.*``: taken at its word, it refuses values of two lines."""
    match shape:
        case ("text", low, high, ".*", enum):
            return ("text", low, high, None, enum)
        case ("many", low, high, item):
            return ("many", low, high, _with_line_breaks(item))
        case ("struct", members, required, union):
            changed = {name: _with_line_breaks(member) for name, member in members.items()}
            return ("struct", changed, required, union)
    return shape


def test_every_operation_of_the_model_is_there():
    assert set(REQUESTS) == set(service_model(SERVICE).operation_names)


@pytest.mark.parametrize("operation", sorted(REQUESTS))
def test_every_member_and_constraint_of_a_request_is_the_models(operation):
    theirs = of_model(service_model(SERVICE).operation_model(operation).input_shape)

    assert of_ours(REQUESTS[operation]) == _with_line_breaks(theirs)
