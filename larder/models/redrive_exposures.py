"""What the exposure writer set aside, listed and written again.

Parked deliveries wait for a table that could not be written; lines in quarantine could not be read.
Both go to the writer again as it gets them from the log. It writes no row twice, so this is safe at
any time. An object is deleted only once nothing of it was set aside again.
"""

from __future__ import annotations

import gzip
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from larder.bucket_folders import EXPOSURES
from larder.errors import LarderError
from larder.models.record_exposures import WHOLE
from larder.offline.redrive import FailureObjects, WriterFunction

PARKED: Final = f"{EXPOSURES}parked/"
QUARANTINED: Final = f"{EXPOSURES}quarantine/"
ALL: Final = (PARKED, QUARANTINED)
_PARKED_REASON = "the table could not be written then; the writer's log says why"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One object: how many ``lines`` it has, and why it is there.

    After a redrive: ``rows`` were written and ``duplicates`` were there. ``problem`` says why the
    object was kept.
    """

    key: str
    lines: int
    reason: str
    rows: int = 0
    duplicates: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ExposureRedrive:
    """Lists and redrives the objects below some prefixes; ``report`` hears of each."""

    objects: FailureObjects
    writer: WriterFunction
    report: Callable[[SetAside], None] = lambda _done: None

    def run(self, prefixes: Sequence[str] = ALL, *, only_list: bool = False) -> list[SetAside]:
        """Redrive every object, or only say what there is. One's failure stops no other.

        Raises:
            LarderError: the objects can't be listed.
        """
        results = []
        for prefix in prefixes:
            for key in self.objects.list(prefix):
                results.append(done := self._one(key, only_list=only_list))
                self.report(done)
        return results

    def _one(self, key: str, *, only_list: bool) -> SetAside:
        try:
            body = self.objects.read(key)
        except LarderError as error:
            return SetAside(key, 0, "", problem=str(error))
        if body is None:  # the writer's own schedule was quicker
            return SetAside(key, 0, "gone since it was listed")
        event, found = _read(key, body)
        if event is None or only_list:
            return found
        return self._again(event, found)

    def _again(self, event: Mapping[str, Any], found: SetAside) -> SetAside:
        try:
            answer = self.writer.invoke(orjson.dumps(event))
            problem = _problem(answer)
            if problem is None:
                self.objects.delete(found.key)
        except LarderError as error:
            return replace(found, problem=str(error))
        rows, duplicates = answer.get("rows", 0), answer.get("duplicates", 0)
        return replace(found, rows=rows, duplicates=duplicates, problem=problem)


def _read(key: str, body: bytes) -> tuple[Mapping[str, Any] | None, SetAside]:
    """The writer's event of an object, if it is one, and what the object is."""
    try:
        event, reason = _event_of(key, body)
    except (ValueError, TypeError, KeyError):
        problem = "the object is neither a delivery nor a line in quarantine: look into it"
        return None, SetAside(key, 0, "unknown", problem=problem)
    lines = _count(event)
    if lines is None:  # the writer would set it aside again, under another key
        problem = "it is no delivery of a log: look into it"
        return None, SetAside(key, 1, reason, problem=problem)
    return event, SetAside(key, lines, reason)


def _event_of(key: str, body: bytes) -> tuple[Mapping[str, Any], str]:
    """The writer's event of an object, and why the object is there."""
    document = orjson.loads(body)
    if key.startswith(PARKED):
        return {"awslogs": document["awslogs"]}, _PARKED_REASON
    reason = str(document["reason"])
    if document["log_event"] == WHOLE:
        return {"awslogs": orjson.loads(document["line"])}, reason
    delivery = {
        "messageType": "DATA_MESSAGE",
        "logEvents": [
            {
                "id": str(document["log_event"]),
                "timestamp": int(document["timestamp"]),
                "message": str(document["line"]),
            }
        ],
    }
    data = b64encode(gzip.compress(orjson.dumps(delivery), mtime=0)).decode()
    return {"awslogs": {"data": data}}, reason


def _count(event: Mapping[str, Any]) -> int | None:
    """Lines of a delivery; ``None`` where it can't be unpacked."""
    try:
        document = orjson.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))
        return len(document["logEvents"])
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError):
        return None


def _problem(answer: Mapping[str, Any]) -> str | None:
    """Why an object has to stay."""
    if "parked" in answer:
        return "the table still can't be written; the writer's log says why"
    if answer.get("quarantined"):
        return f"{answer['quarantined']} lines still can't be read; the writer's log says why"
    if "rows" not in answer:
        return f"the writer answered {orjson.dumps(dict(answer)).decode()[:200]}"
    return None
