"""The text of statements: what it is for each engine, and how often it reads its source."""

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from larder.declared.files import load_pipeline
from larder.pipelines.definition import Function, TimeUnit
from larder.pipelines.dialects import Dialect, spark_texts, translated
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.sql.statement import Interval, Shape, newest_statement, statement
from tests.support.pipelines import SCHEMA, TABLE, feature, pipeline, random_streams

EXAMPLES = Path(__file__).parents[3] / "examples" / "pipelines"
LAST_OF_JANUARY = Interval(1_738_281_600_000_000, 1_738_368_000_000_000)
FEATURES = {
    "sums": [
        feature("count", Function.COUNT, HOUR),
        feature("sum", Function.SUM, DAY, "x", scale=2),
        feature("most", Function.MAX, DAY, "x"),
    ],
    "distinct": [feature("cities", Function.DISTINCT, DAY, "city")],
    "last": [feature("last", Function.LAST, DAY, "city")],
}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("name", ["card", "carrier"])
def test_a_change_of_the_text_is_seen(snapshot, name, dialect):
    asked = load_pipeline(EXAMPLES / f"{name}.yaml")
    text = statement(asked, LAST_OF_JANUARY, dialect.shape)
    assert translated(text, dialect) == snapshot


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("hop", [0, HOUR])
def test_a_statement_reads_its_source_once_however_many_windows_there_are(hop, shape, features):
    asked = pipeline(FEATURES[features], hop)
    text = translated(statement(asked, Interval(-(10**15), 2 * 10**15), shape), Dialect.DUCKDB)
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA raw")
        database.register("given", pa.Table.from_pylist(random_streams([1, 2, 3]).events, SCHEMA))
        database.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM given")
        (_, plan), *_ = database.execute(f"EXPLAIN {text}").fetchall()
    assert plan.count("SEQ_SCAN") == 1
    assert plan.count("CTE_SCAN") == (0 if features == "sums" else 2)


@pytest.mark.parametrize("hop", [0, HOUR])
@pytest.mark.parametrize("unit", TimeUnit)
def test_a_text_kept_ready_for_spark_is_that_of_the_interval(unit, hop):
    asked = pipeline(FEATURES["sums"], hop)
    asked = replace(asked, source=replace(asked.source, unit=unit, table="raw.events"))
    interval, texts = Interval(LAST_OF_JANUARY.after + 7, LAST_OF_JANUARY.until), spark_texts(asked)
    pairs = {
        texts.rows_of(asked, interval): statement(asked, interval, Shape.DELTA),
        texts.newest_of(asked, interval, DAY): newest_statement(asked, interval, DAY),
    }
    for text, of_interval in pairs.items():
        assert ":larder" not in text
        # plain text takes the type of the column that it is compared with
        whole = re.sub(
            r"CAST\(('[^']+') AS TIMESTAMP\)", r"\1", translated(of_interval, Dialect.SPARK)
        )
        assert text == whole


def test_names_are_quoted_and_can_not_end_a_text():
    odd = feature('x" FROM y; --', Function.COUNT, DAY)
    text = statement(pipeline([odd]), LAST_OF_JANUARY, Shape.FRAME)
    assert 'AS "x"" FROM y; --"' in text
