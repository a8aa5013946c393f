"""M10: alerts carry cause, link and runbook, come once, and say when they are over."""

import json
import re
from pathlib import Path

import pytest

from larder.errors import ServiceUnavailable
from larder.monitoring.alerts import OPEN, AlertBook
from larder.monitoring.run_documents import RunReport
from larder.monitoring.violations import Check, Violation
from larder.monitoring.window import Cadence
from tests.support.monitoring import MemoryDocuments

DRIFT = Violation("wind", Check.DRIFT, "wind is distributed otherwise", 0.5, 0.1, "A")
BAD = Violation(
    "wind", Check.COMPLETENESS, "wind has no value in 9.00% of 500 rows", 0.09, 0.0, "A"
)
RUN = "s3://bucket/monitoring/runs/scoring/hourly/20261128T120000Z/run.json"


class Receiver:
    def __init__(self):
        self.sent, self.broken = [], False

    def send(self, subject, message):
        if self.broken:
            raise ServiceUnavailable("SNS did not take an alert")
        self.sent.append((subject, json.loads(message)))


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def book(receiver):
    return AlertBook(documents=MemoryDocuments(), stage="prod", receiver=receiver)


def run(*violations, cadence=Cadence.HOURLY, end="2026-11-28T13:00:00.000Z"):
    return RunReport(
        endpoint="scoring",
        cadence=cadence,
        window="20261128T120000Z",
        start="2026-11-28T12:00:00.000Z",
        end=end,
        at=0,
        exposures=500,
        violations=violations,
    )


def test_the_golden_message(book, receiver):
    book.update(run(DRIFT), RUN)
    [(subject, message)] = receiver.sent
    assert subject == "ALARM: wind of scoring (baseline_drift_check), Larder prod"
    assert message == {
        "state": "ALARM",
        "stage": "prod",
        "endpoint": "scoring",
        "variant": "A",
        "feature": "wind",
        "check": "baseline_drift_check",
        "cause": "wind is distributed otherwise",
        "value": 0.5,
        "threshold": 0.1,
        "window": {
            "cadence": "hourly",
            "start": "2026-11-28T12:00:00.000Z",
            "end": "2026-11-28T13:00:00.000Z",
        },
        "run": RUN,
        "report": "larder monitor report scoring",
        "runbook": "docs/monitoring.md#baseline-drift-check",
    }


@pytest.mark.parametrize("check", Check)
def test_each_check_has_a_runbook(check):
    page = (Path(__file__).parents[3] / "docs/monitoring.md").read_text(encoding="utf-8")
    assert re.search(rf"^### {str(check).replace('_', '-')}$", page, re.MULTILINE)


def test_a_violation_that_stays_is_sent_once(book, receiver):
    for _ in range(3):
        book.update(run(DRIFT, BAD), RUN)
    assert len(receiver.sent) == 2
    assert book.open_by_check()[Check.DRIFT] == 1


def test_what_is_over_is_said_once(book, receiver):
    book.update(run(DRIFT, BAD), RUN)
    for _ in range(2):
        book.update(run(BAD, end="2026-11-28T14:00:00.000Z"), RUN)
    [(subject, message)] = receiver.sent[2:]
    assert subject.startswith("OK: wind of scoring")
    assert (message["state"], message["over_since"]) == ("OK", "2026-11-28T14:00:00.000Z")
    assert [each["check"] for each in book.open()] == ["completeness_check"]


def test_hours_and_days_have_alerts_of_their_own(book, receiver):
    book.update(run(DRIFT, cadence=Cadence.DAILY), RUN)
    book.update(run(), RUN)
    assert [message["state"] for _, message in receiver.sent] == ["ALARM"]
    assert len(list(book.open())) == 1


def test_a_message_that_was_not_taken_is_sent_by_the_next_run(book, receiver):
    receiver.broken = True
    with pytest.raises(ServiceUnavailable):
        book.update(run(DRIFT), RUN)
    assert list(book.documents.keys(OPEN)) == []
    receiver.broken = False
    book.update(run(DRIFT), RUN)
    assert len(receiver.sent) == 1


def test_a_subject_is_short_and_ascii(book, receiver):
    book.update(run(Violation("ü" * 200, Check.RANGE, "x", 1.0, 0.1)), RUN)
    [(subject, _)] = receiver.sent
    assert (len(subject), subject.isascii()) == (100, True)
