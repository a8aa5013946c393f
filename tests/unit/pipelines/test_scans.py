"""How often a pipeline's statement reads its source: an engine pays for each time."""

import duckdb
import pyarrow as pa
import pytest

from larder.pipelines.definition import Function
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Interval, Shape, statement
from tests.support.pipelines import SCHEMA, TABLE, feature, pipeline

INTERVAL = Interval(0, 30 * DAY)
SUMS = [
    feature(f"{function}_{window}", function, window, "x")
    for window in (HOUR, DAY, 7 * DAY)
    for function in (Function.COUNT, Function.SUM, Function.AVG, Function.STDDEV)
]
LEAST = [feature(f"least_{window}", Function.MIN, window, "x") for window in (HOUR, DAY)]
DISTINCT = [feature(f"cities_{window}", Function.DISTINCT, window, "city") for window in (1, DAY)]
LAST = [feature("last", Function.LAST, DAY, "city")]


def scans(features, hop, shape):
    """How often the plan reads the events, each mention of a WITH query in its place.

    Trino and Spark plan that way; DuckDB keeps the rows of a query that is mentioned twice.
    """
    text = translated(statement(pipeline(features, hop), INTERVAL, shape), Dialect.DUCKDB)
    spread = text.replace(" AS (", " AS NOT MATERIALIZED (")
    with duckdb.connect() as database:
        database.execute("SET disabled_optimizers = 'common_subplan'")
        database.execute("CREATE SCHEMA raw")
        database.register("given", pa.Table.from_pylist([], SCHEMA))
        database.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM given")
        database.execute(f"INSERT INTO {TABLE} VALUES ('a', 1, 1, 1.5, 1, 'x')")
        (_, plan) = database.execute(f"EXPLAIN (FORMAT json) {spread}").fetchone()
    return plan.count('"SEQ_SCAN')


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("hop", [0, HOUR])
@pytest.mark.parametrize(
    ("features", "times"),
    [
        (SUMS, 1),
        (SUMS + LEAST, 1),
        (SUMS + DISTINCT, 2),
        (SUMS + LAST, 2),
        (SUMS + DISTINCT + LAST, 3),
    ],
    ids=["sums", "least", "distinct", "last", "distinct and last"],
)
def test_the_source_is_read_once_and_once_more_for_distinct_and_for_last(
    features, times, hop, shape
):
    assert scans(features, hop, shape) == times
