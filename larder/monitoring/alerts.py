"""Alerts: one message for each violation that is new, and one when it is over.

An open alert is a small object of its own. So a violation that stays is not told twice, and a
function that is called twice finds it. The message is sent first: after a crash it may come again,
and is never lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from larder.bucket_folders import MONITORING
from larder.formats import MEMBER, Format
from larder.monitoring.ports import Alerts, Documents
from larder.monitoring.run_documents import RunReport
from larder.monitoring.violations import Check, Violation

FORMAT: Final = Format("monitoring-alert")
OPEN: Final = f"{MONITORING}alerts/"
RUNBOOKS: Final = "docs/monitoring.md"
_LONGEST_SUBJECT = 100
"""Letters that a subject of SNS may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBook:
    """The open alerts of a stage, and who gets their messages.

    Without a receiver they are kept all the same, and count in the metric.
    """

    documents: Documents
    stage: str
    receiver: Alerts | None = None

    def update(self, run: RunReport, address: str) -> tuple[int, int]:
        """Open what a run found new and close what it found no more; how many of each.

        ``address`` is where the run's document is. Raises ``LarderError`` where a message was not
        taken: the alert is then still to be opened.
        """
        folder = f"{OPEN}{run.endpoint}/{run.cadence}/"
        found = {_key(each): each for each in run.violations}
        before = {key.removeprefix(folder): key for key in self.documents.keys(folder)}
        opened, closed = found.keys() - before.keys(), before.keys() - found.keys()
        for name in sorted(opened):
            message = self._message(run, found[name], address)
            self._send("ALARM", message)
            self.documents.write(f"{folder}{name}", alert_json(message))
        for name in sorted(closed):
            body = self.documents.read(before[name])
            if body is not None:
                self._send("OK", {**alert_from(body), "over_since": run.end, "run": address})
                self.documents.remove(before[name])
        return len(opened), len(closed)

    def open_by_check(self) -> dict[Check, int]:
        """How many alerts are open, by check; 0 where none is."""
        counts = dict.fromkeys(Check, 0)
        for message in self.open():
            counts[Check(message["check"])] += 1
        return counts

    def open(self) -> Iterator[Mapping[str, Any]]:
        """The messages of open alerts."""
        for key in self.documents.keys(OPEN):
            body = self.documents.read(key)
            if body is not None:
                yield alert_from(body)

    def _message(self, run: RunReport, violation: Violation, address: str) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "endpoint": run.endpoint,
            "variant": violation.variant or None,
            "feature": violation.feature,
            "check": str(violation.check),
            "cause": violation.description,
            "value": violation.value,
            "threshold": violation.threshold,
            "window": {"cadence": str(run.cadence), "start": run.start, "end": run.end},
            "run": address,
            "report": f"larder monitor report {run.endpoint}",
            "runbook": f"{RUNBOOKS}#{str(violation.check).replace('_', '-')}",
        }

    def _send(self, state: str, message: Mapping[str, Any]) -> None:
        if self.receiver is None:
            return
        subject = f"{state}: {message.get('feature')} of {message.get('endpoint')}"
        subject = f"{subject} ({message.get('check')}), Larder {self.stage}"
        body = orjson.dumps({"state": state, **message}, option=orjson.OPT_INDENT_2).decode()
        self.receiver.send(subject.encode("ascii", "replace").decode()[:_LONGEST_SUBJECT], body)


def _key(violation: Violation) -> str:
    """The same violation of the next window has the same name."""
    parts = violation.variant, violation.feature, str(violation.check)
    return f"{sha256(chr(0).join(parts).encode()).hexdigest()[:20]}.json"


def alert_json(message: Mapping[str, Any]) -> bytes:
    """The object of an open alert."""
    return orjson.dumps({MEMBER: FORMAT.newest, **message})


def alert_from(body: bytes) -> dict[str, Any]:
    """The message of an open alert.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    document: dict[str, Any] = orjson.loads(body)
    FORMAT.check(f"the alert of {document.get('feature')}", document.pop(MEMBER, None))
    return document
