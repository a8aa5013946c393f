"""``larder pipeline plan``, over a ledger in memory and a document of what is deployed."""

import json
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

import larder
from larder.cli.main import main
from larder.client.pipelines import PipelinesClient
from larder.declared.files import load_pipelines
from larder.pipelines.backfill import Backfills, SourceFile
from larder.pipelines.deployment import Deployments
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.runs.due import start
from larder.pipelines.runs.items import DUE, State
from larder.pipelines.runs.plan import Runs
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger

TEXT = """\
name: card
record_identifier: card_id
event_time: at
online: {}
offline: {table_format: Iceberg}
pipeline:
  source: {table: pay.events, time: happened_at}
  emit: {every: 1h}
  available_after: 2h
  start: 2025-01-01
features:
  - {name: card_id, type: String}
  - {name: at, type: String}
  - {name: spend, type: Fractional, aggregate: {function: sum, of: amount, window: 24h}}
"""
SILENT = TEXT.replace("window: 24h", "window: 48h")


class Files:
    def of(self, table, column, unit):
        return [SourceFile(10**12)]


@dataclass
class Platform:
    pipelines: PipelinesClient


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A definition file whose first text is deployed, and of which a day is published."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "features" / "card.yaml"
    file.parent.mkdir()
    file.write_text(TEXT)
    (deployed,) = load_pipelines(file.parent)
    first = start(deployed)
    ledger, now = MemoryLedger(), first + 2 * DAY + HOUR
    runs = Runs(ledger, lambda: now)
    runs.advance(deployed)
    day = runs.claim(deployed, Interval(first, first + DAY), "me", DUE)
    runs.end(day, State.PUBLISHED, rows=5)
    made = Deployments(lambda: {"card": deployed}, ledger, Backfills(Files(), lambda: now))

    @contextmanager
    def connect(_stage):
        yield Platform(PipelinesClient(None, None, lambda: made))

    monkeypatch.setattr(larder, "connect", connect)
    return file


def test_nothing_changed_is_said_so(file, capsys):
    assert main(["pipeline", "plan"]) == 0
    assert capsys.readouterr().out == "card: unchanged, revision 1\n"


def test_a_silent_change_is_refused_by_file_and_line(file, capsys):
    file.write_text(SILENT)
    assert main(["pipeline", "plan"]) == 1
    said = capsys.readouterr()
    assert said.out == (
        "card: changed, revision 1\n"
        "  features.spend.aggregate.window: 1d -> 2d  (published rows are wrong by it)\n"
    )
    assert said.err == (
        "larder: features/card.yaml:14: features.spend.aggregate.window: '1d' becomes '2d', which "
        "makes rows of revision 1 wrong: write `revision: 2` under pipeline, and all rows are "
        "computed again from `start`; or give the feature another name\n"
    )


def test_a_raised_revision_shows_what_becomes_due_and_costs(file, capsys):
    file.write_text(SILENT.replace("  start:", "  revision: 2\n  start:"))
    assert main(["pipeline", "plan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "card: changed, revision 1 -> 2"
    assert lines[2:] == [
        "  due then: 2 intervals, 2025-01-01T00:00:00Z to 2025-01-03T00:00:00Z, as schedules look "
        "or by larder pipeline run",
        "  Athena reads at most 2.0 TB for it, about $10.00 (larder/cost/prices.yaml)",
    ]


def test_json_has_the_same(file, capsys):
    file.write_text(SILENT)
    assert main(["pipeline", "plan", "features", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    (refusal,) = told.pop("refusals")
    assert refusal.startswith("features/card.yaml:14: features.spend.aggregate.window: ")
    assert told == {
        "pipeline": "card",
        "file": "features/card.yaml",
        "fate": "changed",
        "deployed_revision": 1,
        "published_revision": 1,
        "revision": 1,
        "changes": [
            {
                "member": "features.spend.aggregate.window",
                "before": "1d",
                "after": "2d",
                "makes_rows_wrong": True,
            }
        ],
        "backfill": None,
    }


def test_json_has_the_backfill_and_its_cost(file, capsys):
    file.write_text(SILENT.replace("  start:", "  revision: 2\n  start:"))
    assert main(["pipeline", "plan", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["backfill"] == {
        "after": "2025-01-01T00:00:00Z",
        "until": "2025-01-03T00:00:00Z",
        "intervals": 2,
        "bytes_read": 2 * 10**12,
        "unknown": "",
        "usd": 10.0,
    }


def test_a_file_that_is_gone_removes_its_pipeline(file, capsys):
    file.unlink()
    assert main(["pipeline", "plan"]) == 0
    assert capsys.readouterr().out == (
        "card: removed\n  nothing is computed any more; the group and its rows stay\n"
    )


def test_a_wrong_file_is_bad_usage(file, capsys):
    file.write_text(TEXT.replace("1h", "7h"))
    assert main(["pipeline", "plan"]) == 2
    assert "features/card.yaml:8: pipeline.emit.every" in capsys.readouterr().err
