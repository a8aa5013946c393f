"""Values are written as Athena writes them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest

from local.athena.tables.types import column, hive_type
from local.athena.texts import text, writer


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (True, "true"),
        (7, "7"),
        (Decimal("1.10"), "1.10"),
        (1.0, "1.0"),
        (1e7, "1.0E7"),
        (123456.5, "123456.5"),
        (-1.5e-5, "-1.5E-5"),
        (0.001, "0.001"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05.000"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_901), "2026-01-02 03:04:05.678901"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00.000 UTC"),
        (b"\x00\xab", "00 ab"),
        ([1, None, "a"], "[1, null, a]"),
        ({"a": 1, "b": [True]}, "{a=1, b=[true]}"),
        ((1, "x"), "{field0=1, field1=x}"),
        (timedelta(days=1, seconds=2), "1 00:00:02.000"),
    ],
)
def test_a_value_is_written_as_athena_does(value, written):
    assert text(value) == written


def test_a_real_has_the_fewest_digits_that_give_it_back():
    with duckdb.connect() as connection:
        cursor = connection.execute("SELECT 0.1::FLOAT, 16777216::FLOAT, 1::FLOAT")
        kinds = [entry[1] for entry in cursor.description]
        row = cursor.fetchone()

    written = [writer(kind)(value) for kind, value in zip(kinds, row, strict=True)]

    assert written == ["0.1", "1.6777216E7", "1.0"]


@pytest.mark.parametrize(
    ("duckdb_type", "athena", "hive"),
    [
        ("HUGEINT", "bigint", "bigint"),
        ("DECIMAL(9,3)", "decimal", "decimal(9,3)"),
        ("STRUCT(a INTEGER, b VARCHAR[])", "row", "struct<a:int,b:array<string>>"),
        ("MAP(VARCHAR, DOUBLE)", "map", "map<string,double>"),
        ("TIMESTAMP", "timestamp", "timestamp"),
        ("TIMESTAMPTZ", "timestamp with time zone", None),
        ("BLOB", "varbinary", "binary"),
    ],
)
def test_types_have_athenas_and_hives_names(duckdb_type, athena, hive):
    kind = duckdb.sqltype(duckdb_type)

    assert (column("c", kind).type, hive_type(kind)) == (athena, hive)


@pytest.mark.parametrize(
    ("digits", "written"),
    [
        (0, "2026-01-02 03:04:05"),
        (3, "2026-01-02 03:04:05.670"),
        (6, "2026-01-02 03:04:05.670000"),
        (9, "2026-01-02 03:04:05.670000000"),
    ],
)
def test_a_time_has_the_digits_of_its_type_and_not_of_its_value(digits, written):
    value = datetime(2026, 1, 2, 3, 4, 5, 670_000)
    kind = duckdb.sqltype("TIMESTAMP")
    assert writer(kind, digits)(value) == written
    assert writer(kind, digits)(value.replace(tzinfo=UTC)) == f"{written} UTC"
    assert writer(kind, digits)([value, None]) == f"[{written}, null]"
