"""The tables of the online store as they were at an instant, beside those that are in use.

A restore never changes a table: it makes new ones, and a stage is pointed at them by its choices
(``data.restored``). What a restored table lacks (stream, time to live, recovery, protection) is
switched on as the source has it. Every step may be taken twice, so a run that was interrupted is
run again with the same instant.

What the offline writer may not have written by then is put where failed batches lie. ``larder
redrive`` writes it once the stage uses the new tables. Until that is done the watermarks of the
groups concerned are unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from larder.bucket_folders import SPILLED
from larder.errors import ValidationError
from larder.offline.redrive import MAX_PAYLOAD_BYTES, as_change

_LONGEST_NAME = 255
_PAUSE_SECONDS = 2.0
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """The instants, in seconds since the epoch, to which a table can be restored now."""

    earliest: float
    latest: float


class RestorableTables(Protocol):
    """Tables and their recovery. Methods raise ``ServiceUnavailable`` and ``AccessForbidden``."""

    def window(self, table: str) -> Window:
        """To which instants a table can be restored.

        Raises:
            ResourceNotFound: there is no such table.
            ValidationError: its recovery is not switched on.
        """

    def exists(self, table: str) -> bool:
        """Whether there is a table of that name, in whatever state."""

    def begin(self, source: str, target: str, moment: int) -> None:
        """Ask for a new table with the content of another at an instant."""

    def is_ready(self, table: str) -> bool:
        """Whether a table can be used."""

    def settle(self, source: str, target: str) -> str:
        """Give a restored table what its source has beside items; the ARN of its stream.

        Where the source is gone it gets what the platform's tables always have.
        """


class RestoredItems(Protocol):
    """What the restored tables hold. Methods raise as ``RestorableTables``."""

    def watermark(self, registry: str) -> int | None:
        """The proven watermark as of the restored registry, µs since the epoch."""

    def accepted_since(self, records: str, micros: int) -> Iterator[Item]:
        """Records and log items with a later write time, as a Lambda event carries items."""


@dataclass(frozen=True, slots=True)
class RestoredTable:
    """A table that was restored: of which one, its name, its stream's ARN, how long it took."""

    source: str
    name: str
    stream: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Tail:
    """Changes that may not be offline: how many, accepted since when (µs), and their objects."""

    since: int
    changes: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """The use case. ``write`` puts an object by its key; ``clock`` gives seconds."""

    tables: RestorableTables
    items: RestoredItems
    write: Callable[[str, bytes], None]
    report: Callable[[str], None]
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def run(self, sources: Sequence[str], moment: int) -> list[RestoredTable]:
        """Restore tables side by side; in the order of ``sources``.

        Raises:
            ValidationError: the instant lies before all that can be restored, or in the future.
            ResourceNotFound: a source is gone, and was not restored by hand.
        """
        began = self.clock()
        if moment > began:
            raise ValidationError(f"--at {_text(moment)} is in the future: it is {_text(began)}")
        targets = {source: target_name(source, moment) for source in sources}
        for source, target in targets.items():
            if not self.tables.exists(target):
                self._wait_for_window(source, moment)
                self.tables.begin(source, target, moment)
                self.report(f"{source}: being restored as {target}")
        return [self._finish(source, targets[source], began) for source in sources]

    def tail(self, registry: str, records: str, moment: int) -> Tail:
        """Set aside what the offline writer may not have written by the instant.

        ``registry`` and ``records`` are the restored tables. The records hold the newest version
        of each identifier alone: of several in that time, the older ones are only in the stream
        of the old table.
        """
        since = self.items.watermark(registry) or 0
        keys, changes = [], 0
        for number, chunk in enumerate(_chunks(self.items.accepted_since(records, since))):
            key = f"{SPILLED}restored/{_stamp(moment)}/{number:06d}.json"
            self.write(key, orjson.dumps({"payload": {"Records": chunk}}))
            keys.append(key)
            changes += len(chunk)
        return Tail(since, changes, tuple(keys))

    def _wait_for_window(self, source: str, moment: int) -> None:
        told = False
        while True:
            window = self.tables.window(source)
            if moment < window.earliest:
                raise ValidationError(
                    f"--at {_text(moment)} is before {_text(window.earliest)}, the earliest state "
                    f"of table {source} that can be restored"
                )
            if moment <= window.latest:
                return
            if not told:
                self.report(f"{source}: waiting until {_text(moment)} can be restored")
                told = True
            self.sleep(_PAUSE_SECONDS)

    def _finish(self, source: str, target: str, began: float) -> RestoredTable:
        while not self.tables.is_ready(target):
            self.sleep(_PAUSE_SECONDS)
        stream = self.tables.settle(source, target)
        return RestoredTable(source, target, stream, self.clock() - began)


def target_name(source: str, moment: int) -> str:
    """The name of a table restored to an instant: equal for equal ones."""
    suffix = f"-at-{_stamp(moment)}"
    return f"{source.partition('-at-')[0][: _LONGEST_NAME - len(suffix)]}{suffix}"


def _chunks(items: Iterable[Item]) -> Iterator[list[dict[str, Any]]]:
    held: list[dict[str, Any]] = []
    size = 0
    for number, item in enumerate(items):
        record = as_change(item, number)
        length = len(orjson.dumps(record))
        if held and size + length > MAX_PAYLOAD_BYTES:
            yield held
            held, size = [], 0
        held.append(record)
        size += length
    if held:
        yield held


def _stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%S")


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
