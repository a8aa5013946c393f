"""A month of feature pipelines: anchors worked out by hand, and what the command prints."""

import json

import pytest

from larder.cli.main import main
from larder.cost.pipelines import AGES, Assumed, month_of
from larder.cost.price_list import PriceList
from larder.cost.terms import DeclaredPipeline, Pipelines, Steps

PRICES = PriceList.read().prices
LOOK, RUN = Steps(transitions=3, functions=2), Steps(transitions=6, functions=5)
SPARK_RUN = Steps(transitions=8, functions=5)
HOURLY = {"name": "card", "engine": "auto", "looks": 730.0, "runs": 730.0, "comparisons": 30.0}
CHOICES = {
    "runtime_memory_mb": 512,
    "runtime_start": "on_demand",
    "resources": {},
    "pipelines": {
        "memory_mb": 1024,
        "look": {"transitions": 3, "functions": 2},
        "run": {"transitions": 6, "functions": 5},
        "spark_run": {"transitions": 8, "functions": 5},
        "ages": 0,
        "declared": [HOURLY],
    },
}


def bills(*declared, ages=0.0, **assumed):
    pipelines = tuple(DeclaredPipeline(**HOURLY | each) for each in declared)
    steps = {"look": LOOK, "run": RUN, "spark_run": SPARK_RUN}
    stage = Pipelines(memory_mb=1024, **steps, ages=ages, declared=pipelines)
    return list(month_of(PRICES, stage, Assumed(**assumed)))


def test_an_hourly_pipeline_on_athena():
    (bill,) = bills({"comparisons": 0.0}, scan_gb=2, run_seconds=30, look_seconds=2)
    assert bill.parts == pytest.approx(
        {
            "schedule": 730 * 1.00 / 1e6,
            "states": 730 * 9 * 25.00 / 1e6,
            "function": 730 * (7 * 0.20 + 32 * 13.3334) / 1e6,
            "athena": 730 * 0.002 * 5.00,
            "glue": 0.0,
        }
    )
    assert bill.usd == pytest.approx(sum(bill.parts.values()))


def test_a_run_on_spark_pays_for_its_job_and_scans_nothing_by_athena():
    (bill,) = bills({"engine": "spark"}, dpus=3, glue_minutes=4)
    assert bill.parts["athena"] == 0
    assert bill.parts["glue"] == pytest.approx(730 * 3 * 4 / 60 * 0.44)
    assert bill.parts["states"] == pytest.approx(730 * (3 + 8) * 25 / 1e6)


def test_a_look_that_finds_nothing_costs_its_states_alone():
    (bill,) = bills({"looks": 1000.0, "runs": 0.0, "comparisons": 0.0})
    assert bill.parts["states"] == pytest.approx(1000 * 3 * 25 / 1e6)
    assert (bill.parts["athena"], bill.parts["glue"]) == (0, 0)


def test_a_pipeline_that_is_off_and_a_stage_without_pipelines_cost_nothing():
    (bill,) = bills({"looks": 0.0, "runs": 0.0, "comparisons": 0.0})
    assert bill.usd == 0
    assert bills() == []


def test_what_tells_the_age_of_the_data_is_a_row_of_its_own():
    *_, ages = bills({}, ages=8760.0, look_seconds=1)
    assert ages.name == AGES
    assert ages.usd == pytest.approx(8760 * (0.20 + 13.3334) / 1e6)


def printed(capsys, tmp_path, choices, *arguments):
    path = tmp_path / "choices.json"
    path.write_text(json.dumps(choices))
    assert main(["cost", "--choices", str(path), *arguments]) == 0
    return capsys.readouterr().out


def test_the_command_prints_pipelines_with_what_it_assumes(capsys, tmp_path):
    out = printed(capsys, tmp_path, CHOICES, "--scan-gb", "4")
    assert "4 GB scanned by Athena" in out
    (row,) = (line.split() for line in out.splitlines() if line.startswith("card "))
    assert row[:4] == ["card", "auto", "730", "730"]
    assert row[-2] == "14.600"


def test_json_has_their_bills_and_a_stage_without_any_has_none(capsys, tmp_path):
    found = json.loads(printed(capsys, tmp_path, CHOICES, "--json"))["pipelines"]
    assert found["assumed"]["scan_gb"] == 1
    assert found["bills"][0]["parts"]["athena"] == 3.65
    without = {name: each for name, each in CHOICES.items() if name != "pipelines"}
    assert json.loads(printed(capsys, tmp_path, without, "--json"))["pipelines"]["bills"] == []
    assert "pipelines, US dollars" not in printed(capsys, tmp_path, without)


def test_a_number_that_can_not_be_is_refused_by_name(capsys):
    assert main(["cost", "--glue-minutes", "-1"]) == 2
    assert "--glue-minutes: -1 must be at least 0" in capsys.readouterr().err
