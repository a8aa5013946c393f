"""The one text in Athena's dialect, for the engines that speak another one."""

from __future__ import annotations

from enum import StrEnum

import sqlglot
from sqlglot import exp

from larder.pipelines.definition import Pipeline
from larder.pipelines.expressions import DIALECT
from larder.pipelines.sql.statement import Shape, marked_newest_statement, marked_statement
from larder.pipelines.sql.texts import SparkTexts


class Dialect(StrEnum):
    """An engine's SQL."""

    ATHENA = "athena"
    SPARK = "spark"
    DUCKDB = "duckdb"

    @property
    def shape(self) -> Shape:
        """The shape that costs the engine least."""
        return Shape.FRAME if self is Dialect.DUCKDB else Shape.DELTA


def translated(text: str, dialect: Dialect) -> str:
    """A statement in the dialect; for Athena it is the text itself."""
    if dialect is Dialect.ATHENA:
        return text
    tree = sqlglot.parse_one(text, read=DIALECT)
    tree = tree.transform(lambda node: _instant(node, dialect))
    return tree.sql(dialect.value, pretty=True)


def spark_texts(pipeline: Pipeline) -> SparkTexts:
    """A pipeline's statements for Spark, kept ready for any interval."""
    rows = marked_statement(pipeline, Dialect.SPARK.shape)
    newest = marked_newest_statement(pipeline)
    return SparkTexts(translated(rows, Dialect.SPARK), translated(newest, Dialect.SPARK))


def translated_value(text: str, dialect: Dialect) -> str:
    """An expression over one row in the dialect, on one line."""
    return sqlglot.parse_one(text, read=DIALECT).sql(dialect.value)


def _instant(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Microseconds of a timestamp, which Athena has by way of a double, by the engine's function.

    What sqlglot makes of TO_UNIXTIME gives whole seconds on Spark.
    """
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Round)):
        return node
    moment = node.this.this.this
    if not isinstance(moment, exp.TimeToUnix):
        return node
    if dialect is Dialect.SPARK:
        timestamp = exp.cast(moment.this, "TIMESTAMP")
        return exp.Anonymous(this="UNIX_MICROS", expressions=[timestamp])
    return exp.Anonymous(this="EPOCH_US", expressions=[moment.this])
