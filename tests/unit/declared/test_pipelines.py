"""Pipelines in definition files: what they become, and what is said about those that are wrong."""

from datetime import date
from pathlib import Path

import pytest

from larder.declared.files import definition_warnings, load_pipeline, load_pipelines
from larder.pipelines.definition import Function, Late, Schedule
from larder.pipelines.durations import DAY, HOUR, MINUTE

EXAMPLES = Path(__file__).parents[3] / "examples" / "pipelines"


@pytest.fixture(scope="module")
def examples():
    return {each.group: each for each in load_pipelines(EXAMPLES)}


def test_the_card_is_as_its_file_says(examples):
    card = examples["card"]

    assert [each.name for each in card.features[:6]] == [
        *("transactions_1h", "transactions_24h", "transactions_7d"),
        *("spend_1h", "spend_24h", "spend_7d"),
    ]
    spend = card.features[4]
    assert (spend.aggregate.function, spend.aggregate.window) == (Function.SUM, DAY)
    assert (spend.aggregate.of, spend.aggregate.scale) == ("amount", 2)
    assert (card.hop, card.available_after, card.freshness) == (0, 20 * MINUTE, 30 * MINUTE)
    assert card.schedule == Schedule(15 * MINUTE)
    assert card.late == Late(2 * MINUTE, 7 * DAY)
    assert card.start == date(2025, 1, 1)
    assert card.source.where == "status <> 'TEST'"
    assert card.longest_window == 30 * DAY


def test_the_carrier_is_as_its_file_says(examples):
    carrier = examples["carrier_hourly"]

    assert carrier.hop == HOUR
    assert carrier.features[0].latest == "airline"
    assert carrier.source.tables == ("raw.flights", "raw.airlines")
    assert carrier.source.columns >= {"carrier", "flight_id", "known_at", "airline"}


def test_the_examples_are_meant_so():
    assert definition_warnings(EXAMPLES) == []
    assert load_pipeline(EXAMPLES / "card.yaml").group == "card"


def test_a_schedule_may_be_by_cron(tmp_path):
    cron = "schedule: {cron: 'cron(5 6 * * ? *)', timezone: Europe/Oslo}"
    text = (EXAMPLES / "card.yaml").read_text().replace("schedule: {every: 15m}", cron)
    (tmp_path / "card.yaml").write_text(text)
    schedule = load_pipeline(tmp_path / "card.yaml").schedule
    assert (schedule.every, schedule.cron) == (None, "cron(5 6 * * ? *)")
    assert schedule.timezone == "Europe/Oslo"
