"""Several calls made at once by one thread: their order, their faults, their connections."""

import threading

import pytest

from larder.aws.dynamodb.api import ConditionFailed
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.dynamodb.wire.client import DynamoRefused
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.pool import ConnectionPool
from larder.aws.dynamodb.wire.signing import Signer
from larder.deadline import within
from larder.errors import ServiceUnavailable, ThrottlingException
from tests.faults.dynamodb_server import DynamoServer, Fault, mixed
from tests.support.clocks import SleepingClock, seeded_retries
from tests.support.wire import CREDENTIALS, wire_client

GETS = [
    {"TableName": "records", "Key": {"pk": {"S": "R#uid#1"}, "sk": {"S": f"rc{n}"}}}
    for n in range(25)
]


@pytest.fixture
def calls():
    """Makes a ``call_all`` of 25 reads from a server."""
    closing = []

    def make(server, **options):
        serving = server.serving()
        client, close = wire_client(
            serving.__enter__(), seeded_retries(1, SleepingClock()), **options
        )
        closing.append((close, serving))
        return lambda: client.call_all("GetItem", GETS)

    yield make
    for close, serving in closing:
        close()
        serving.__exit__(None, None, None)


def in_order(*faults):
    return lambda number: faults[number] if number < len(faults) else Fault.NONE


def keys(answers):
    return [each["Item"]["sk"]["S"] for each in answers]


WANTED = [each["Key"]["sk"]["S"] for each in GETS]


def test_answers_come_in_the_order_of_the_requests_over_eight_connections(calls):
    server = DynamoServer(lambda _: Fault.NONE)
    ask = calls(server)
    for _ in range(3):
        assert keys(ask()) == WANTED
    assert (server.requests, server.connections) == (75, 8)


def test_eight_requests_are_under_way_at_once(calls):
    met = threading.Barrier(8)
    server = DynamoServer(lambda _: Fault.NONE)
    server.meanwhile = lambda: met.wait(timeout=30) if server.requests <= 8 else None
    assert keys(calls(server)()) == WANTED
    assert not met.broken


@pytest.mark.parametrize(
    "fault",
    [
        Fault.THROTTLED,
        Fault.FAILED,
        Fault.RESET,
        Fault.CUT,
        Fault.DAMAGED,
        Fault.SILENT,
        Fault.CLOSED_AFTER,
        Fault.DRIPPING,
    ],
    ids=lambda fault: fault.name,
)
def test_a_fault_that_passes_is_not_seen(calls, fault):
    ask = calls(
        DynamoServer(in_order(Fault.NONE, fault, fault, Fault.NONE, fault)), read_seconds=0.2
    )
    assert keys(ask()) == WANTED
    assert keys(ask()) == WANTED


def test_connections_that_the_server_closed_between_two_calls_are_replaced(calls):
    server = DynamoServer(lambda number: Fault.CLOSED_AFTER if number >= 17 else Fault.NONE)
    ask = calls(server)
    for _ in range(3):
        assert keys(ask()) == WANTED
    assert server.requests == 75


def test_one_that_is_refused_for_load_stops_none_of_the_others(calls):
    answers = calls(DynamoServer(lambda _: Fault.NONE, hot="c7"))()
    assert isinstance(answers[7], ThrottlingException)
    assert keys(answers[:7] + answers[8:]) == WANTED[:7] + WANTED[8:]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT, Fault.DAMAGED, Fault.FAILED])
def test_a_fault_that_stays_is_unavailability_of_each(calls, fault):
    answers = calls(DynamoServer(lambda _: fault))()
    assert {type(each) for each in answers} == {ServiceUnavailable}


def test_a_server_that_is_not_there_is_unavailability_of_each():
    client, close = wire_client("http://127.0.0.1:9", seeded_retries(1, SleepingClock()))
    assert {type(each) for each in client.call_all("GetItem", GETS)} == {ServiceUnavailable}
    close()


@pytest.mark.parametrize("seed", range(3))
def test_no_mixture_of_faults_gives_a_wrong_answer(calls, seed):
    shares = dict.fromkeys(("THROTTLED", "FAILED", "RESET", "CUT", "DAMAGED"), 0.05)
    plan = mixed(seed, CLOSED_AFTER=0.1, SILENT=0.01, **shares)
    ask = calls(DynamoServer(plan), read_seconds=0.1)
    for _ in range(20):
        assert keys(ask()) == WANTED


def test_what_another_try_would_not_change_is_told_at_once(calls):
    class Answering(DynamoServer):
        def _answer(self, *_request):
            return 400, {"__type": "x#ConditionalCheckFailedException", "Item": GETS[0]["Key"]}

    server = Answering(lambda _: Fault.NONE)
    answers = calls(server)()
    assert {type(each) for each in answers} == {ConditionFailed}
    assert answers[0].item == GETS[0]["Key"]
    assert server.requests == 25

    class Refusing(DynamoServer):
        def _answer(self, *_request):
            return 400, {"__type": "x#AccessDeniedException"}

    with pytest.raises(DynamoRefused, match="AccessDenied"):
        calls(Refusing(lambda _: Fault.NONE))()


def test_after_the_deadline_nothing_is_asked(calls):
    server = DynamoServer(lambda _: Fault.NONE)
    ask = calls(server)
    with within(0.0):
        answers = ask()
    assert {type(each) for each in answers} == {ServiceUnavailable}
    assert server.requests == 0


def test_no_more_connections_are_used_than_the_pool_has():
    server = DynamoServer(lambda _: Fault.NONE)
    with server.serving() as url:
        endpoint = Endpoint.at(url, "us-east-1")
        pool = ConnectionPool(endpoint, size=3)
        signer = Signer(endpoint, lambda: CREDENTIALS)
        client = DynamoWire(signer, pool, seeded_retries(1, SleepingClock()))
        threads = [
            threading.Thread(target=client.call_all, args=("GetItem", GETS)) for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        pool.close()
    assert server.requests == 100
    assert server.connections <= 3
