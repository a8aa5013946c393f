"""R4: a batch of writes to a DynamoDB that throttles, fails or hangs up ends in time, each named."""

import pytest

from larder.errors import LarderError
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.write import PutRecord, RecordWriter
from tests.faults.dynamodb_server import DynamoServer, Fault
from tests.support.clocks import SleepingClock, seeded_retries
from tests.support.groups import feature_group, group_settings
from tests.support.wire import wire_client

ENTRIES = [f"c{number}" for number in range(25)]
CALL_SECONDS = 3.0
"""What all writes of a batch share; the function may take ten."""


def written(plan, *, hot=None):
    """What a batch came to, the server, and the seconds that pauses took."""
    clock, server = SleepingClock(), DynamoServer(plan, seed=7, hot=hot)
    with server.serving() as url:
        retries = seeded_retries(1, clock)
        dynamodb, close = wire_client(url, retries, read_seconds=0.2)
        store = DynamoRecordStore(dynamodb, "records", retries=retries)
        writer = RecordWriter(store, group_settings(feature_group()))
        outcome = writer.put_many(ENTRIES, _request)
        close()
    return outcome, server, clock.now


def _request(identifier):
    record = [("customer_id", identifier), ("event_time", "2024-01-01T00:00:00Z")]
    return PutRecord("customers", record)


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.FAILED, Fault.RESET, Fault.CUT])
def test_r4_a_store_that_takes_nothing_leaves_every_entry_unprocessed_in_time(fault):
    outcome, server, seconds = written(lambda _: fault)
    assert outcome.unprocessed == list(range(25))
    assert outcome.errors == []
    assert seconds <= CALL_SECONDS
    assert server.requests < 25 * 20  # it took 479 requests and 71.7 s one after the other


def test_a_hot_record_is_named_and_the_others_are_written():
    outcome, server, seconds = written(lambda _: Fault.NONE, hot="c13")
    assert (outcome.unprocessed, outcome.errors) == ([13], [])
    assert seconds <= CALL_SECONDS
    assert server.requests < 25 + 20


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.FAILED, Fault.RESET, Fault.CLOSED_AFTER])
def test_faults_that_pass_are_not_seen(fault):
    outcome, _, _ = written(lambda number: fault if number % 3 == 0 and number < 40 else Fault.NONE)
    assert outcome.all_accepted


def test_a_batch_is_sent_over_several_connections_and_no_more_than_eight():
    outcome, server, _ = written(lambda _: Fault.NONE)
    assert outcome.all_accepted
    assert server.requests == 25
    assert 1 < server.connections <= 8


def test_what_dynamodb_refuses_for_good_is_no_entrys_fault():
    """A missing permission or table: the call fails, as one of a single record does."""

    class Refusing(DynamoServer):
        def _answer(self, operation, body, fault):
            return 400, {
                "__type": "com.amazon.coral.service#AccessDeniedException",
                "message": "no",
            }

    server = Refusing(lambda _: Fault.NONE)
    with server.serving() as url:
        dynamodb, close = wire_client(url)
        writer = RecordWriter(
            DynamoRecordStore(dynamodb, "records"), group_settings(feature_group())
        )
        with pytest.raises(Exception, match="AccessDenied") as refused:
            writer.put_many(ENTRIES, _request)
        close()
    assert not isinstance(refused.value, LarderError)
