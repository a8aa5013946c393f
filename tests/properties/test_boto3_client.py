"""The records client as boto3's answers word for word what boto3 gets over HTTP."""

import random
import re
from itertools import count

from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from lambdas.runtime.routes import create_handler
from larder.groups.feature_group import OnlineStore, StorageType
from larder.testing.records import MemoryRecordStore
from tests.properties.histories import Histories
from tests.properties.test_histories import HISTORIES
from tests.support.direct import memory_plane, records_client
from tests.support.doors import bound_client
from tests.support.groups import feature_group
from tests.support.hostile_requests import RUNTIME, broken, shape_of, whole

GROUPS = [
    feature_group(name, online=OnlineStore(StorageType.STANDARD_V2))
    for name in ("customers", "orders")
]
ROUNDS, CALLS = 15, 80
_numbers = count()


def clients(near, far):
    """boto3 over HTTP, and the records client; each over a store of its own."""
    plane = memory_plane(*GROUPS, store=near)
    service = "sagemaker-featurestore-runtime"
    over_http = bound_client(service, create_handler(plane.api))
    return over_http, records_client(*GROUPS, store=far).as_boto3()


def outcome(client, operation, members):
    """What a caller sees, but for the request's own id."""
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    try:
        answer = getattr(client, method)(**members)
    except ClientError as error:
        typed = getattr(client.exceptions, error.response["Error"]["Code"], ClientError)
        assert isinstance(error, typed)
        error.response.pop("RetryAttempts", None)
        answer, kind = error.response, type(error).__name__
    except ParamValidationError as error:
        return "ParamValidationError", str(error)
    else:
        kind = "answer"
    metadata = answer.pop("ResponseMetadata")
    assert metadata["RequestId"]
    headers = {k: v for k, v in metadata["HTTPHeaders"].items() if k != "x-amzn-requestid"}
    return kind, answer, metadata["HTTPStatusCode"], metadata["RetryAttempts"], headers


def sendable(operation, members):
    """Whether HTTP carries the members as they are: any text in the body, not so in the path."""
    if not isinstance(members, dict) or any(not isinstance(name, str) for name in members):
        return False
    name = members.get("FeatureGroupName", "x")
    if isinstance(name, str) and ("/" in name.rpartition("feature-group/")[2] or name == ".."):
        return False
    return all("\ud83d" not in text for text in texts(members))


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from (name, *texts(each))
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def kept(store):
    """What a store holds, but for the time at which it came."""
    return {
        slot: (each.packed, each.state, each.event_key, each.expires_at)
        for slot, each in store.records.items()
    }


def test_both_doors_of_boto3_say_the_same_to_anything():
    dice = random.Random(0)
    seen = set()
    for _ in range(ROUNDS):
        stores = MemoryRecordStore(), MemoryRecordStore()
        over_http, direct = clients(*stores)
        for operation, members in calls(dice):
            told = outcome(direct, operation, members)
            assert told == outcome(over_http, operation, members), (operation, members)
            seen.add((operation, told[0]))
        assert kept(stores[0]) == kept(stores[1])
    assert {operation for operation, kind in seen if kind == "answer"} == set(RUNTIME)
    assert {"ParamValidationError", "ValidationError"} <= {kind for _, kind in seen}


class DirectHistories(Histories):
    def door(self):
        name = f"group-{next(_numbers)}"
        tier = OnlineStore(StorageType.STANDARD_V2)
        group = feature_group(name, uid=name, online=tier, shards=2)
        return records_client(group).as_boto3(), name


def test_the_direct_door_follows_the_oracle():
    run_state_machine_as_test(DirectHistories, settings=settings(HISTORIES, max_examples=50))


def calls(dice):
    """Operations and members; half of them have something wrong."""
    for _ in range(CALLS):
        operation = dice.choice(sorted(RUNTIME))
        members = whole(shape_of(operation), dice, "", 0)
        for _ in range(dice.choice([0, 0, 1, 2])):
            members = broken(members, dice)
        if sendable(operation, members):
            yield operation, members
