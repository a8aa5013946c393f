"""The same SQL, translated by sqlglot, gives on Spark what the oracle says.

Not in `make test`: Spark is a large download and wants Java, which PyPI has not in the version
that Glue's Spark runs on. `make spark` and `make soak` run it.
"""

import shutil

import pyarrow.parquet as pq
import pytest
import sqlglot

from larder.as_of.athena import as_of_query
from larder.as_of.join import Shape
from tests.support.as_of import LABELS, expected, large_case, prepared, random_case, tables_of
from tests.support.spark import run_cases

SEEDS = range(6)

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 on the PATH"),
]


def on_spark(cases, folder):
    """The rows of each named case, by ``larder_row``, from one Spark session."""
    for name, (case, shape) in cases.items():
        rows, joins = prepared(case, shape)
        (folder / name).mkdir()
        text = sqlglot.transpile(as_of_query(LABELS, joins), read="athena", write="spark")[0]
        (folder / name / "query.sql").write_text(text)
        for table, content in (tables_of(case) | {LABELS.table: rows}).items():
            pq.write_table(content, folder / name / f"{table}.parquet")
    found = run_cases(folder)
    return {name: sorted(found[name]) for name in cases}


def test_spark_joins_as_the_oracle_does_in_every_shape(tmp_path):
    cases = {f"{seed}-{shape}": (random_case(seed), shape) for seed in SEEDS for shape in Shape}
    found = on_spark(cases, tmp_path)
    for name, (case, _) in cases.items():
        assert [tuple(row[4:]) for row in found[name]] == expected(case), name


def test_a_hundred_thousand_label_rows_come_out_as_the_oracle_says(tmp_path):
    case = large_case()
    found = on_spark({"large": (case, None)}, tmp_path)["large"]
    assert [row[0] for row in found] == list(range(len(case.labels)))
    assert [tuple(row[4:]) for row in found] == expected(case)
