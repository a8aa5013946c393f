"""Registry stream events, or a direct call, to the groups that have work to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from lambdas.lifecycle.state_changes import Publish, unannounced
from larder.errors import AccessForbidden, LarderError, ServiceUnavailable, ThrottlingException
from larder.lifecycle.advance import Lifecycle
from larder.offline.ports import Remaining

_GROUP = "G#"
_RETRIABLE = (ServiceUnavailable, ThrottlingException, AccessForbidden)


def create_consumer(
    lifecycle: Lifecycle, publish: Publish, *, log: Callable[[str], None] = print
) -> Callable[[Mapping[str, Any], Remaining], dict[str, Any]]:
    """The function of one event; tests give it a lifecycle and a ``publish`` of their own.

    A stream event is answered with batch item failures: the records of groups that are not done,
    and those of status changes that were not published. An event without records is a sweep over
    all groups, answered with the names not done.
    """

    def consume(event: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
        def undone(names: Iterable[str]) -> list[str]:
            return [name for name in names if not _advance(lifecycle, name, remaining, log)]

        if "Records" not in event:
            return {"unfinished": undone(lifecycle.unfinished())}
        first: dict[str, str] = {}
        for record in event["Records"]:
            name = group_name(record)
            if name is not None:
                first.setdefault(name, record["dynamodb"]["SequenceNumber"])
        failed = unannounced(
            event["Records"], publish, lambda name, error: _log(log, name, "not announced", error)
        )
        failed += [first[name] for name in undone(first)]
        return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}

    return consume


def group_name(record: Mapping[str, Any]) -> str | None:
    """The group whose document the record is about, if it has one still."""
    partition = str(record["dynamodb"]["Keys"]["pk"]["S"])
    if record["eventName"] == "REMOVE" or not partition.startswith(_GROUP):
        return None
    return partition.removeprefix(_GROUP)


def _advance(
    lifecycle: Lifecycle, name: str, remaining: Remaining, log: Callable[[str], None]
) -> bool:
    try:
        done = lifecycle.advance(name, remaining=remaining)
    except _RETRIABLE as error:
        _log(log, name, "to be tried again", error)
        return False
    _log(log, name, "nothing left to do" if done else "not finished in time")
    return done


def _log(
    log: Callable[[str], None], group: str, message: str, error: LarderError | None = None
) -> None:
    fields = {"level": "WARNING" if error else "INFO", "message": message, "group": group}
    log(orjson.dumps(fields | ({"error": str(error)} if error else {})).decode())
