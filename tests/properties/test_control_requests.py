"""Requests made at random from the control plane's own shapes: none is a bug's, none is half done."""

import json
import random

import pytest

from lambdas.control.routes import create_handler
from larder.groups.api.request_shapes import REQUESTS
from larder.wire.shapes import Flag, Many, Moment, Text, Whole
from tests.support.control import control_plane, create_request
from tests.support.events import http_event

ARN = "arn:aws:sagemaker:us-east-1:123456789012:feature-group/customers"
JUNK = [
    *(None, True, 0, -1, 1.5, 1e308, 2**40, "", "x", "é", "\x00", "../", "'; DROP TABLE", "a" * 70),
    *([], {}, [None], {"a": None}, [[]], {"Key": 1}, "Infinity", "1e999", "nan", ARN, "clicks"),
]
WORDS = [
    *("customers", "clicks", "customer_id", "event_time", "s3://lake/x", "AwsDataCatalog", "5"),
    *("larder_dev", "CreationTime", "Tags.a", "arn:aws:iam::123456789012:role/x", ARN, ARN),
]
SIMPLE = {
    Whole: [0, 1, 50, 51, 99, 2**31 - 1],
    Flag: [True, True, False],
    Moment: [0, 1.5, 2e9, -5, 1e300],
}


def value_of(shape, dice, depth=0):
    """A value that mostly fits the shape, and sometimes is anything."""
    if dice.random() < 0.08:
        return dice.choice(JUNK)
    if isinstance(shape, Text):
        return dice.choice(shape.enum or WORDS)
    if type(shape) in SIMPLE:
        return dice.choice(SIMPLE[type(shape)])
    if isinstance(shape, Many):
        count = dice.randint(0, 3) if depth < 8 else 0
        return [value_of(shape.item, dice, depth + 1) for _ in range(count)]
    return {
        name: value_of(member, dice, depth + 1)
        for name, member in shape.members.items()
        if dice.random() < (0.97 if name in shape.required else 0.3)
    }


@pytest.mark.parametrize("seed", range(8))
def test_every_request_is_served_or_refused_with_words(seed):
    dice = random.Random(seed)
    catalog = control_plane()
    handler = create_handler(catalog)

    def call(operation, body):
        headers = {"x-amz-target": f"SageMaker.{operation}"}
        answer = handler(http_event("POST", "/", body=body, headers=headers), None)
        return answer["statusCode"], json.loads(answer["body"] or "{}")

    call("CreateFeatureGroup", create_request())
    for _ in range(300):
        operation = dice.choice(sorted(REQUESTS))
        before = list(catalog.groups.registry.list())
        request = value_of(REQUESTS[operation], dice)
        status, answer = call(operation, request)
        assert status in (200, 400), (operation, request)
        if status == 400:
            assert answer["__type"] in {"ValidationException", "ResourceNotFound", "ResourceInUse"}
            assert 10 < len(answer["message"]) < 12_000
            assert list(catalog.groups.registry.list()) == before
