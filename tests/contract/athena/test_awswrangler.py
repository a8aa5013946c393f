"""AWS SDK for pandas, unmodified, against the endpoint: each way it has of fetching rows."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.environments import ROOT, interpreter

HERE = Path(__file__).parent
TIMES = [f"2026-01-0{day}T12:00:00.123" for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def told(athena, endpoint, cloud):
    """What the story tells. The environment is made at the first run and kept."""
    python = interpreter(ROOT / "build/tests/awswrangler", HERE / "requirements-awswrangler.txt")
    before = {each["Name"] for each in cloud.glue().get_tables(DatabaseName="shop")["TableList"]}
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ENDPOINT_URL_ATHENA": endpoint,
        "AWS_ACCESS_KEY_ID": cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_REGION": cloud.region,
    }
    done = subprocess.run(
        [python, HERE / "wrangler_story.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout) | {"before": before}


@pytest.mark.parametrize("way", ["plain", "ctas", "unload"])
def test_every_way_of_reading_gives_the_same_rows(told, way):
    rows = told[way]["rows"]

    assert [(who, amount, items, deleted) for who, amount, items, _, deleted in rows] == [
        ("c1", 1.5, 1, False),
        ("c2", None, 2, False),
        ("c1", 7.25, 3, False),
    ]
    assert [at[:23] for _, _, _, at, _ in rows] == TIMES


@pytest.mark.parametrize("way", ["plain", "ctas", "unload"])
def test_types_are_those_of_athenas_columns(told, way):
    who, amount, items, at, deleted = told[way]["types"]

    assert (amount, items, deleted) == ("float64", "Int64", "boolean")
    assert who in ("string", "str")
    assert at.startswith("datetime64")


def test_chunks_parameters_empty_results_and_nested_columns_work(told):
    assert told["chunks"] == 3
    assert told["parameters"]["rows"] == [[1], [3]]
    assert told["nothing"]["rows"] == []
    ((numbers, price, pair),) = told["nested"]["rows"]
    assert (numbers, float(price), pair) == ([1, 2], 1.25, {"n": 7, "s": "x"})


def test_a_frame_becomes_a_table_and_temporary_tables_are_gone(told):
    assert told["written"]["rows"] == [["a", 1], ["b", 2]]
    assert set(told["tables"]) - told["before"] == {"wrangled"}


def test_a_failed_query_raises_with_athenas_reason(told):
    assert "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved" in told["failed"]
