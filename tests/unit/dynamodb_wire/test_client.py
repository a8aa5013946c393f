"""The client itself: TLS, refusals, unreadable answers, connections shared by threads."""

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from larder.aws.dynamodb.api import ConditionFailed
from larder.aws.dynamodb.wire import DynamoWire
from larder.aws.dynamodb.wire.client import DynamoRefused
from larder.aws.dynamodb.wire.connection import BrokenResponse, _parsed
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.pool import ConnectionPool
from larder.aws.dynamodb.wire.signing import Signer
from larder.errors import ServiceUnavailable
from local.emulator.certificate import write
from tests.faults.dynamodb_server import DynamoServer, Fault
from tests.support.clocks import SleepingClock, seeded_retries
from tests.support.deadlines import PATIENCE
from tests.support.wire import CREDENTIALS, wire_client

KEY = {"pk": {"S": "R#uid#1"}, "sk": {"S": "rc1"}}
GET = {"TableName": "records", "Key": KEY}


class Answering(DynamoServer):
    """Answers every request by one status and members."""

    def __init__(self, status, members):
        super().__init__(lambda _: Fault.NONE)
        self.given = status, members

    def _answer(self, *_request):
        return self.given


def call_of(server, operation="GetItem", request=GET):
    clock = SleepingClock()
    with server.serving() as url:
        client, close = wire_client(url, seeded_retries(1, clock))
        try:
            return client.call(operation, request)
        finally:
            close()


def test_what_another_try_would_not_change_is_told_at_once_by_its_code():
    members = {"__type": "com.amazon.coral.validate#ValidationException", "message": "no such"}
    server = Answering(400, members)
    with pytest.raises(DynamoRefused, match="ValidationException: no such") as refusal:
        call_of(server)
    assert refusal.value.code == "ValidationException"
    assert server.requests == 1


@pytest.mark.parametrize("item", [None, KEY])
def test_a_condition_that_failed_gives_what_it_was_checked_against(item):
    members = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
    with pytest.raises(ConditionFailed) as failure:
        call_of(Answering(400, members | ({"Item": item} if item else {})))
    assert failure.value.item == item


@pytest.mark.parametrize("members", [[], "text", None])
def test_an_answer_that_is_no_object_is_no_answer(members):
    with pytest.raises(ServiceUnavailable):
        call_of(Answering(200, members))


def test_what_is_no_value_of_dynamodb_is_a_bug_of_the_caller():
    with pytest.raises(TypeError, match="set"):
        call_of(Answering(200, {}), request={"Key": {1, 2}})


@pytest.mark.parametrize(
    "head",
    [
        b"http/1.1 200 ok\r\n",
        b"http/1.1 200 ok\r\ntransfer-encoding: chunked\r\n",
        b"http/1.1 200 ok\r\ncontent-length: -1\r\n",
        b"http/1.1 200 ok\r\ncontent-length: 2, 2\r\n",
        b"http/2 200\r\ncontent-length: 2\r\n",
        b"ssh-2.0-openssh\r\ncontent-length: 2\r\n",
        b"http/1.1 ok\r\ncontent-length: 2\r\n",
    ],
)
def test_an_answer_without_a_status_and_a_length_is_refused(head):
    with pytest.raises(BrokenResponse):
        _parsed(head)


def test_a_header_is_not_found_in_the_value_of_another():
    head = b"http/1.1 200 ok\r\nx-note: content-length: 9\r\ncontent-length:5\r\n"
    assert _parsed(head) == (200, 5, None)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificate")
    write(directory)
    return directory


def tls_client(url, ca_bundle):
    endpoint = Endpoint.at(url, "us-east-1", ca_bundle)
    pool = ConnectionPool(endpoint)
    retries = seeded_retries(1, SleepingClock())
    return DynamoWire(Signer(endpoint, lambda: CREDENTIALS), pool, retries), pool


def test_tls_trusts_the_bundle_that_is_named_and_nobody_else(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "server.crt", certificate / "server.key")
    server = DynamoServer(lambda number: Fault.CLOSED_AFTER if number == 1 else Fault.NONE)
    with server.serving(context) as url:
        trusting, pool = tls_client(url, str(certificate / "server.crt"))
        for _ in range(4):
            assert trusting.call("GetItem", GET)["Item"]["sk"] == KEY["sk"]
        pool.close()
        assert server.connections == 2
        wary, _ = tls_client(url, None)
        with pytest.raises(ServiceUnavailable) as refusal:
            wary.call("GetItem", GET)
        assert isinstance(refusal.value.__cause__, ssl.SSLCertVerificationError)
    assert server.requests == 4


def test_threads_share_a_bounded_number_of_connections():
    server = DynamoServer(lambda _: Fault.NONE)
    start = threading.Barrier(8)
    with server.serving() as url:
        endpoint = Endpoint.at(url, "us-east-1")
        pool = ConnectionPool(endpoint, size=3)
        retries = seeded_retries(1, SleepingClock())
        client = DynamoWire(Signer(endpoint, lambda: CREDENTIALS), pool, retries)

        def work(number):
            start.wait(PATIENCE)
            key = KEY | {"sk": {"S": f"r{number}"}}
            return [client.call("GetItem", GET | {"Key": key})["Item"]["sk"]["S"]
                    for _ in range(25)]  # fmt: skip

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(work, range(8)))
        pool.close()
    assert answers == [[f"r{number}"] * 25 for number in range(8)]
    assert server.connections <= 3
