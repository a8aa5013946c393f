"""Answers of either plane held against botocore's models, which its own parser never does.

botocore drops members it does not know and misses none that are required; a client of another
make may not. Here every member is known, every required one there, and every type, length, range,
pattern and enum kept.
"""

import json

from larder.wire.shapes import compiled
from tests.support.service_models import service_model

# The model has it required; SageMaker leaves it out (real answers of 2021 and 2023).
_LEFT_OUT = {
    ("DescribeFeatureGroupResponse", "NextToken"),
    # of a version (sagemaker-python-sdk#5606)
    ("DescribeModelPackageOutput", "ModelPackageName"),
}
# Codes without a shape in the models, as AWS's "Common errors" have them; and ours for a target
# that is none, which is Smithy's.
_COMMON = {
    "sagemaker": {
        "ValidationException": 400,
        "ThrottlingException": 400,
        "UnknownOperationException": 400,
        "AccessDeniedException": 403,
        "InternalFailure": 500,
        "ServiceUnavailable": 503,
    },
    "sagemaker-featurestore-runtime": {
        "ThrottlingException": 429,
        "UnknownOperationException": 404,
    },
}
_UNTYPED_STATUS = 400  # control-plane shapes have no status of their own in the model


def check_answer(service, operation, answer):
    """Assert that a Lambda answer (payload 2.0) is one that the model of the operation allows.

    ``operation`` counts for a status of 200 only: errors are those of the service.
    """
    body = answer.get("body") or ""
    if answer["statusCode"] == 200:
        value = json.loads(body) if body else {}
        problems = answer_problems(service, operation, value)
        assert problems == [], problems
    else:
        problems = error_problems(service, answer)
        assert problems == [], problems


def answer_problems(service, operation, value):
    """What of an answer's JSON value the model of the operation does not allow."""
    shape = service_model(service).operation_model(operation).output_shape
    if shape is None:
        return [] if value == {} else [f"{operation}: an answer where the model has none"]
    return list(_problems(shape, value, operation))


def error_problems(service, answer):
    """What of an error keeps a client from knowing its type and its words."""
    code = answer["headers"].get("x-amzn-errortype")
    body = json.loads(answer["body"])
    status, problems = _statuses(service).get(code), []
    if status != answer["statusCode"]:
        problems.append(f"{code} has status {status}, not {answer['statusCode']}")
    if body.get("__type") != code:
        problems.append(f"__type is {body.get('__type')!r}, the header says {code!r}")
    if body.get("message") != body.get("Message") or not body.get("message"):
        problems.append("no words")
    return problems


def _statuses(service):
    shapes = service_model(service).error_shapes
    modelled = {
        shape.error_code: shape.metadata.get("error", {}).get("httpStatusCode", _UNTYPED_STATUS)
        for shape in shapes
    }
    return _COMMON[service] | modelled


def _problems(shape, value, path):
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            yield from _of_structure(shape, value, path)
        case "list" if isinstance(value, list):
            yield from _of_limits(shape, len(value), path)
            for place, item in enumerate(value):
                yield from _problems(shape.member, item, f"{path}[{place}]")
        case "string" if isinstance(value, str):
            yield from _of_text(shape, value, path)
        case "boolean" if isinstance(value, bool):
            pass
        case "integer" | "long" if isinstance(value, int) and not isinstance(value, bool):
            yield from _of_limits(shape, value, path)
        case "timestamp" | "float" | "double" if isinstance(value, int | float) and not isinstance(
            value, bool
        ):
            pass
        case "map" if isinstance(value, dict):
            yield from _of_limits(shape, len(value), path)
            for key, each in value.items():
                yield from _problems(shape.key, key, f"{path} key")
                yield from _problems(shape.value, each, f"{path}[{key}]")
        case expected:
            yield f"{path}: {value!r} is no {expected}"


def _of_structure(shape, value, path):
    for name in value.keys() - shape.members.keys():
        yield f"{path}.{name}: {shape.name} has no such member"
    for name in shape.required_members:
        if name not in value and (shape.name, name) not in _LEFT_OUT:
            yield f"{path}.{name}: {shape.name} requires it"
    for name, member in shape.members.items():
        if name in value:
            yield from _problems(member, value[name], f"{path}.{name}")


def _of_text(shape, value, path):
    yield from _of_limits(shape, len(value), path)
    enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if enum and value not in enum:
        yield f"{path}: {value!r} is none of {enum}"
    if pattern and pattern != ".*" and compiled(pattern).fullmatch(value) is None:
        yield f"{path}: {value!r} does not match {pattern}"


def _of_limits(shape, size, path):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        yield f"{path}: {size} is not within {low} and {high}"
