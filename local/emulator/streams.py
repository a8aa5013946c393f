"""Event sources on DynamoDB streams: what ministack stores and ignores, done as Lambda does it.

ministack polls every mapping in one thread. It ignores the batching window, bisecting, attempts and
reported batch item failures, and has no S3 failure destination. It forgets a stream's records when
it stops while remembering positions in it. Here every mapping is delivered on its own
(``delivery.Delivery``). Records survive a restart, and their age leaves out the platform's down
time.
"""

import contextvars
import itertools
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

from ministack.core import responses
from ministack.core.arn import parse_arn
from ministack.core.concurrency import esm_wake
from ministack.services import dynamodb, lambda_svc

from local.emulator import snapshots
from local.emulator.delivery import Delivery, Policy, first_failed_item
from local.emulator.failure_destination import FailedBatch, send

_MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
_logger = logging.getLogger("larder.streams")


def install(window_limit: float) -> None:
    """Take over DynamoDB stream mappings. ``window_limit`` (seconds) shortens batching windows."""
    lambda_svc._poll_dynamodb_streams = _Poller(window_limit).poll
    save, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state() -> dict[str, Any]:
        state = dict(save())
        state["stream_records"] = dynamodb._stream_records
        state["stream_trimmed"] = dynamodb._stream_trimmed
        state["stopped_at"] = time.time()
        return state

    def load_persisted_state(data: dict[str, Any]) -> None:
        load(data)
        dynamodb._stream_records.update(data.get("stream_records", {}))
        dynamodb._stream_trimmed.update(data.get("stream_trimmed", {}))
        pause = int(time.time() - data.get("stopped_at", time.time()))
        for record in itertools.chain.from_iterable(dynamodb._stream_records.all_values()):
            record["dynamodb"]["ApproximateCreationDateTime"] += pause

    dynamodb.get_state = get_state
    dynamodb.load_persisted_state = load_persisted_state


class _Poller:
    """Finds the mappings that have something to deliver and starts one invocation for each."""

    def __init__(self, window_limit: float) -> None:
        self._window_limit = window_limit
        self._deliveries: dict[str, Delivery] = {}

    def poll(self) -> bool:
        """Start what is due; true if anything was. Called by ministack's poller, about once a
        second and whenever a source has news."""
        started = [self._start(mapping, table) for mapping, table in _stream_mappings()]
        return any(started)

    def _start(self, mapping: dict[str, Any], table: str) -> bool:
        mapping_id = mapping["UUID"]
        delivery = self._deliveries.get(mapping_id)
        if delivery is None:
            delivery = Delivery(position=_starting_position(mapping, table))
            self._deliveries[mapping_id] = delivery
        if delivery.busy:
            return False
        policy = Policy.of(mapping, window_limit=self._window_limit)
        delivery.position = max(delivery.position, dynamodb.stream_start_position(table))
        piece = delivery.next_piece(
            end=dynamodb.stream_end_position(table), now=time.time(), policy=policy
        )
        if piece is None:
            return False
        delivery.busy = True
        run = _Invocation(mapping, table, delivery, policy).run
        threading.Thread(
            target=contextvars.copy_context().run, args=(run, piece), daemon=True
        ).start()
        return True


class _Invocation:
    """One delivery of one piece of a stream to one function."""

    def __init__(
        self, mapping: dict[str, Any], table: str, delivery: Delivery, policy: Policy
    ) -> None:
        self._mapping = mapping
        self._table = table
        self._delivery = delivery
        self._policy = policy

    def run(self, piece: tuple[int, int]) -> None:
        try:
            self._deliver(*piece)
        finally:
            lambda_svc._dynamodb_stream_positions[self._mapping["UUID"]] = self._delivery.position
            self._delivery.busy = False
            esm_wake.set()
            snapshots.changed.set()

    def _deliver(self, first: int, last: int) -> None:
        records = dynamodb.stream_records_since(self._table, first, last - first)
        fitting = _fitting(records)
        if fitting < len(records):
            self._delivery.narrow(first + fitting)
            records = records[:fitting]
        wanted = lambda_svc._apply_filter_criteria(records, self._mapping)
        function, _config = lambda_svc._get_func_record_for_qualifier(
            self._mapping["FunctionName"], self._mapping.get("Qualifier")
        )
        if not wanted or function is None:
            self._delivery.succeeded()
            return
        result = lambda_svc._execute_function(function, {"Records": wanted})
        self._settle(first, records, wanted, result, function)

    def _settle(
        self,
        first: int,
        records: list[dict[str, Any]],
        wanted: list[dict[str, Any]],
        result: dict[str, Any],
        function: dict[str, Any],
    ) -> None:
        delivery, now = self._delivery, time.time()
        failed_at = 0 if result.get("error") else self._failed_item(records, wanted, result)
        self._mapping["LastProcessingResult"] = "OK" if failed_at is None else "PROBLEM"
        if result.get("throttle"):
            delivery.refused(now)
        elif failed_at is None:
            delivery.succeeded()
        elif failed_at > 0:
            delivery.progressed(first + failed_at)
        elif delivery.failed(now=now, oldest=_created(records[0]), policy=self._policy):
            attempts = delivery.attempts
            send(FailedBatch(self._mapping, function, wanted, attempts, str(result.get("body"))))
            delivery.succeeded()

    def _failed_item(
        self, records: list[dict[str, Any]], wanted: list[dict[str, Any]], result: dict[str, Any]
    ) -> int | None:
        if not self._policy.reports_item_failures:
            return None
        failed = first_failed_item(result.get("body"), [_sequence_number(r) for r in wanted])
        return None if failed is None else records.index(wanted[failed]) if failed else 0


def _stream_mappings() -> Iterator[tuple[dict[str, Any], str]]:
    """Enabled mappings on the current stream of a table, each in its account's scope."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" not in source or not mapping.get("Enabled", True):
            continue
        account_token = responses._request_account_id.set(account)
        region_token = responses._request_region.set(region)
        try:
            named = lambda_svc._dynamodb_stream_table_from_arn_spec(parse_arn(source))
            table = dynamodb._tables.get(named[0]) if named else None
            if table and table.get("LatestStreamArn") == source:
                yield mapping, named[0]
        finally:
            responses._request_account_id.reset(account_token)
            responses._request_region.reset(region_token)


def _starting_position(mapping: dict[str, Any], table: str) -> int:
    stored: int | None = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"])
    if stored is not None:
        return stored
    if mapping.get("StartingPosition") == "TRIM_HORIZON":
        return int(dynamodb.stream_start_position(table))
    return int(dynamodb.stream_end_position(table))


def _fitting(records: list[dict[str, Any]]) -> int:
    """How many of the records fit one invocation; at least one."""
    sizes = itertools.accumulate(len(json.dumps(record)) for record in records)
    return max(1, sum(size <= _MAX_PAYLOAD_BYTES for size in sizes))


def _sequence_number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _created(record: dict[str, Any]) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])
