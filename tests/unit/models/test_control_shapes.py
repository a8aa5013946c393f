"""The shapes of requests on models, endpoints and jobs are the model's, but for what is refused."""

import pytest

from larder.models.api.control_shapes import REQUESTS as OF_MODELS
from larder.monitoring.api.shapes import REQUESTS as OF_MONITORING
from larder.transforms.api.shapes import REQUESTS as OF_JOBS
from larder.wire.fits import fits
from larder.wire.shapes import Many, Refused, Struct, problems
from tests.support.service_models import of_model, of_ours, service_model, without_refused

REQUESTS = {**OF_MODELS, **OF_JOBS, **OF_MONITORING}


@pytest.mark.parametrize("operation", sorted(REQUESTS))
def test_every_member_and_constraint_of_a_request_is_the_models(operation):
    theirs = of_model(service_model("sagemaker").operation_model(operation).input_shape)
    ours = of_ours(REQUESTS[operation])

    assert ours == without_refused(theirs, ours)


def _refused(shape, path=()):
    """The paths that lead to every refused member of a shape, with its reason."""
    match shape:
        case Refused():
            yield path, shape.why
        case Many():
            yield from _refused(shape.item, (*path, 0))
        case Struct():
            for name, member in shape.members.items():
                yield from _refused(member, (*path, name))


REFUSED = [
    pytest.param(operation, path, why, id=f"{operation}-{'.'.join(map(str, path))}")
    for operation, shape in REQUESTS.items()
    for path, why in _refused(shape)
]


def _request(path, value):
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


@pytest.mark.parametrize(("operation", "path", "why"), REFUSED)
@pytest.mark.parametrize("value", [{}, [], "text", 7, True, {"Mode": "Serial"}])
def test_a_refused_member_is_named_with_reason_and_cure_whatever_its_value(
    operation, path, why, value
):
    request = _request(path, value)

    texts = [str(each) for each in problems(REQUESTS[operation], request)]
    place = ".".join(
        "1.member" if step == 0 else step[:1].lower() + step[1:] for step in path
    ).replace("..", ".")
    assert any(f"at '{place}'" in text and why in text for text in texts), texts
    assert not fits(REQUESTS[operation])(request)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, "1", True, None])
def test_a_weight_is_a_finite_number_of_at_least_zero(value):
    variant = {"VariantName": "a", "InitialVariantWeight": value}
    request = {"EndpointConfigName": "c", "ProductionVariants": [variant]}

    wrong = bool(list(problems(REQUESTS["CreateEndpointConfig"], request)))
    assert wrong == (value is not None)
    assert fits(REQUESTS["CreateEndpointConfig"])(request) != wrong
