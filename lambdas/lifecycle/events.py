"""Registry stream events, or a direct call, to the groups that have work to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from larder.errors import (
    AccessForbidden,
    LarderError,
    NewerFormat,
    ServiceUnavailable,
    ThrottlingException,
)
from larder.groups.api.state_change import StateChange, state_change
from larder.offline.ports import Remaining
from larder.telemetry.log import Log, trace_of
from larder.telemetry.metrics import scheduled_run
from larder.wiring.lifecycle import GroupLifecycle

_RETRIABLE = (ServiceUnavailable, ThrottlingException, AccessForbidden)


def create_consumer(
    graph: GroupLifecycle, log: Log
) -> Callable[[Mapping[str, Any], Remaining], dict[str, Any]]:
    """The function of one event.

    A stream event is answered with batch item failures: the records of groups that are not done,
    and those of status changes that were not published. An event without records is a sweep over
    all groups. The answer has the names not done. It has a sentence on each group whose offline
    files lie where they must not. A sweep also repairs the listings, and so does the first event
    after a release that had none.
    """

    def consume(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        def undone(names: Iterable[str]) -> list[str]:
            return [name for name in names if not _advance(graph, name, remaining, log)]

        if "Records" not in event:
            unfinished = undone(graph.lifecycle.unfinished())
            repaired = _repair(graph, remaining, log, once=False)
            newer = _newer(graph, log) + _stopped_updates(graph, log)
            log.metrics(scheduled_run(failures=len(unfinished) + newer + (not repaired)))
            return {"unfinished": unfinished, "overlaps": _overlaps(graph, log)}
        first = _first_records(graph, event["Records"])
        failed = list(_unannounced(graph, event["Records"], log))
        failed += [first[name] for name in undone(first)]
        _repair(graph, remaining, log, once=True)
        return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}

    return consume


def _first_records(graph: GroupLifecycle, records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The sequence number of the first record about each group."""
    first: dict[str, str] = {}
    for record in records:
        name = graph.changed_group(record)
        if name is not None:
            first.setdefault(name, record["dynamodb"]["SequenceNumber"])
    return first


def _overlaps(graph: GroupLifecycle, log: Log) -> list[str]:
    """A sentence on each group whose offline files lie where they must not."""
    overlaps = graph.lifecycle.overlaps()
    for text in overlaps:
        log.line("WARNING", message="offline files overlap", problem=text)
    return overlaps


def _newer(graph: GroupLifecycle, log: Log) -> int:
    """How many groups a newer release wrote, which wait until this function is upgraded."""
    newer = graph.lifecycle.unread()
    for text in newer:
        log.line("WARNING", message="group of a newer release", problem=text)
    return len(newer)


def _stopped_updates(graph: GroupLifecycle, log: Log) -> int:
    """How many updates of endpoints had stopped and were ended; 1 where that failed."""
    try:
        names = graph.end_updates()
    except LarderError as error:
        log.line("WARNING", message="updates of endpoints not looked at", error=str(error))
        return 1
    for name in names:
        log.line("WARNING", message="an update had stopped: it was ended", endpoint=name)
    return len(names)


def _unannounced(
    graph: GroupLifecycle, records: Iterable[Mapping[str, Any]], log: Log
) -> Iterator[str]:
    """Announce every new state; the sequence numbers of those that could not be announced."""
    for record in records:
        if not _is_announced(graph, record, log):
            yield str(record["dynamodb"]["SequenceNumber"])


def _is_announced(graph: GroupLifecycle, record: Mapping[str, Any], log: Log) -> bool:
    try:
        group = graph.group_in_new_state(record)
        change = state_change(group) if group is not None else graph.model_change(record)
    except NewerFormat as error:
        log.line("WARNING", message="not announced", error=str(error))
        return False
    return change is None or _announce(graph, change, log)


def _announce(graph: GroupLifecycle, change: StateChange, log: Log) -> bool:
    try:
        graph.publish(change)
    except LarderError as error:
        log.line("WARNING", message="not announced", resource=change.resource, error=str(error))
        return False
    return True


def _advance(graph: GroupLifecycle, name: str, remaining: Remaining, log: Log) -> bool:
    try:
        done = graph.lifecycle.advance(name, remaining=remaining)
    except _RETRIABLE as error:
        log.line("WARNING", message="to be tried again", group=name, error=str(error))
        return False
    except Exception as error:
        log.line("ERROR", message="to be tried again", group=name, trace=trace_of(error))
        return False
    log.line("INFO", message="nothing left to do" if done else "not finished in time", group=name)
    return done


def _repair(graph: GroupLifecycle, remaining: Remaining, log: Log, *, once: bool) -> bool:
    """Repair the registry's listings; whether that was possible.

    A failure waits for the next time and stops nothing else.
    """
    try:
        repaired = graph.lifecycle.repair_listings(remaining=remaining, once=once)
    except _RETRIABLE as error:
        log.line("WARNING", message="listings not repaired", error=str(error))
        return False
    if repaired:
        log.line("INFO", message="listings repaired", groups=repaired)
    return True
