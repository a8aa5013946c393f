"""The registry's stream has items of kinds that no event is of: they hold nothing up."""

import pytest

from larder.models.adapters.dynamodb_item import partition_key
from larder.models.adapters.dynamodb_stream import model_change
from larder.models.registry_items import Kind

TOLD = {Kind.MODEL, Kind.ENDPOINT, Kind.PACKAGE}


@pytest.mark.parametrize("kind", [each for each in Kind if each not in TOLD])
def test_an_item_of_another_kind_is_passed_over_unread(kind):
    keys = {"pk": partition_key(kind), "sk": {"S": "a"}}
    image = {**keys, "doc": {"S": '{"of": "another form"}'}}
    record = {"dynamodb": {"Keys": keys, "NewImage": image}, "eventSourceARN": "arn"}
    assert model_change(record) is None
