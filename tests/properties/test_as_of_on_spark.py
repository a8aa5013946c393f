"""The same SQL, translated by sqlglot, gives on Spark what the oracle says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlglot

from larder.sql.as_of import as_of_query
from larder.sql.join import Shape
from tests.as_of import LABELS, expected, prepared, random_case, tables_of

pytestmark = pytest.mark.soak
PYTHON = Path(__file__).parents[2] / "build/spark/bin/python"
RUNNER = Path(__file__).with_name("spark_runner.py")
SEEDS = range(6)


@pytest.mark.timeout(900)
@pytest.mark.skipif(
    not PYTHON.exists(), reason="needs pyspark 3.5.6 (Glue 5.1's) in a virtual env at build/spark"
)
def test_spark_joins_as_the_oracle_does_in_every_shape(tmp_path):
    cases = {f"{seed}-{shape}": (random_case(seed), shape) for seed in SEEDS for shape in Shape}
    for name, (case, shape) in cases.items():
        rows, joins = prepared(case, shape)
        folder = tmp_path / name
        folder.mkdir()
        text = sqlglot.transpile(as_of_query(LABELS, joins), read="athena", write="spark")[0]
        (folder / "query.sql").write_text(text)
        for table, content in (tables_of(case) | {LABELS.table: rows}).items():
            pq.write_table(content, folder / f"{table}.parquet")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(
        [PYTHON, RUNNER, tmp_path], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for name, (case, _) in cases.items():
        found = sorted(json.loads((tmp_path / name / "result.json").read_text()))
        assert [tuple(row[4:]) for row in found] == expected(case), name
    print(f"{len(cases)} cases on Spark", file=sys.stderr)
