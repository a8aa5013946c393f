"""Writing again what the offline writer could not: spilled batches and quarantined changes.

The writer drops what the tables already hold. So redriving is safe at any time, in any order and
any number of times. An object is deleted only once every change in it is in its table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from larder.bucket_folders import QUARANTINE
from larder.errors import LarderError
from larder.formats import MEMBER, Format

FORMAT = Format("failed-batch")
PARKED = "parked"
"""The folder, below a group's uid, of the batches that wait for the group's table."""
MAX_PAYLOAD_BYTES = 5_000_000
"""Lambda takes 6 MB a synchronous call (AWS, "Lambda quotas"); the rest is for the envelope."""


class FailureObjects(Protocol):
    """The objects that hold what failed.

    Methods raise ``AccessForbidden`` and ``ServiceUnavailable``.
    """

    def list(self, prefix: str) -> Iterator[str]:
        """Keys under the prefix, in their order."""

    def read(self, key: str) -> bytes | None:
        """An object's bytes; ``None`` where another run has removed it."""

    def delete(self, key: str) -> None:
        """Remove an object."""


class WriterFunction(Protocol):
    """The deployed offline writer."""

    def invoke(self, payload: bytes) -> Mapping[str, Any]:
        """Call it and wait for its answer.

        Raises:
            LarderError: the function failed or could not be called.
        """


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of one object; ``problem`` says why it was kept."""

    key: str
    records: int
    rows: int = 0
    duplicates: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Redrive:
    """Redrives the objects under some prefixes; ``report`` hears of each as it is done."""

    objects: FailureObjects
    writer: WriterFunction
    report: Callable[[Redriven], None] = lambda _done: None

    def run(self, prefixes: Sequence[str], *, dry_run: bool = False) -> list[Redriven]:
        """Redrive every object; with ``dry_run`` only read and count. One's failure stops none."""
        results = []
        for prefix in prefixes:
            for key in self.objects.list(prefix):
                results.append(done := self._one(key, dry_run=dry_run))
                self.report(done)
        return results

    def drain_parked(self, remaining: Callable[[], float]) -> list[Redriven]:
        """Redrive what the writer parked, while ``remaining`` gives seconds that are left.

        The first object of a group tells whether its table can be written again: where it can't,
        the group's other objects wait for the next call.
        """
        results: list[Redriven] = []
        waiting: set[str] = set()
        for key in self.objects.list(QUARANTINE):
            uid, folder, *_ = key.removeprefix(QUARANTINE).split("/")
            if folder != PARKED or uid in waiting:
                continue
            if remaining() <= 0:
                break
            results.append(done := self._one(key, dry_run=False))
            self.report(done)
            if done.problem:
                waiting.add(uid)
        return results

    def _one(self, key: str, *, dry_run: bool) -> Redriven:
        try:
            body = self.objects.read(key)
            records = None if body is None else records_of(body)
        except (ValueError, LarderError) as error:
            return Redriven(key, 0, problem=str(error))
        if records is None:  # another run has written it
            return Redriven(key, 0)
        if dry_run:
            return Redriven(key, len(records))
        rows = duplicates = 0
        try:
            for chunk in chunks(records):
                answer = self.writer.invoke(chunk)
                problem = problem_of(answer)
                if problem:
                    return Redriven(key, len(records), rows, duplicates, problem)
                rows += answer["rows"]
                duplicates += answer["duplicates"]
            self.objects.delete(key)
        except LarderError as error:
            return Redriven(key, len(records), rows, duplicates, str(error))
        return Redriven(key, len(records), rows, duplicates)


def records_of(body: bytes) -> list[Any]:
    """The stream records in an object.

    Either Lambda's invocation record, whose ``payload`` is the event (AWS, "Retain discarded
    records for a DynamoDB event source": in S3 with the whole event), as JSON text or as an
    object, or a quarantined change with one ``record``.

    Raises:
        NewerFormat: a newer release has written it.
        ValueError: it is neither.
    """
    document = orjson.loads(body)
    if isinstance(document, dict):
        FORMAT.check("the object", document.get(MEMBER))
        if isinstance(document.get("record"), dict):
            return [document["record"]]
        payload = document.get("payload")
        event = orjson.loads(payload) if isinstance(payload, str) else payload
        if isinstance(event, dict) and isinstance(event.get("Records"), list):
            return list(event["Records"])
    raise ValueError(
        "the object is neither a failed batch with its payload nor a quarantined record"
    )


def chunks(records: Iterable[Any], limit: int = MAX_PAYLOAD_BYTES) -> Iterator[bytes]:
    """Events for the writer that hold the records in order, each below the limit."""
    held: list[bytes] = []
    size = 0
    for record in records:
        text = orjson.dumps(record)
        if held and size + len(text) > limit:
            yield _event(held)
            held, size = [], 0
        held.append(text)
        size += len(text) + 1
    if held:
        yield _event(held)


def as_change(item: Mapping[str, Any], number: int) -> dict[str, Any]:
    """An item, as a Lambda event carries items, as the stream would have delivered its last write.

    ``number`` tells the changes of one event apart.
    """
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "NewImage": item,
            "SequenceNumber": f"{number:021d}",
            "ApproximateCreationDateTime": int(item["w"]["N"]) // 1_000_000,
        },
    }


def _event(records: Sequence[bytes]) -> bytes:
    return b'{"redrive":true,"Records":[' + b",".join(records) + b"]}"


def problem_of(answer: Mapping[str, Any]) -> str | None:
    """What the writer could not write, by its answer; ``None`` where it wrote all."""
    if answer.get("batchItemFailures"):
        return f"not all records could be written: {answer.get('error') or 'see the log'}"
    quarantined = answer.get("quarantined")
    if quarantined:
        return f"still not writable: {quarantined[0]['reason']}"
    return None
