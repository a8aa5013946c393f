"""Every function that the SageMaker SDKs write into SQL runs, as they write it."""

from pathlib import Path

import pytest

LISTED = Path(__file__).parents[2] / "conformance" / "sdk" / "functions.txt"
AS_WRITTEN = {
    "from_iso8601_timestamp": (
        "from_iso8601_timestamp(\"at\") >= from_iso8601_timestamp('2024-01-01T00:00:00Z')",
        "true",
    ),
    "from_unixtime": ('from_unixtime("seconds") <= from_unixtime(1704067200.0)', "true"),
    "to_timestamp": (
        "\"write_time\" <= to_timestamp('2024-01-01 00:00:00', 'yyyy-mm-dd hh24:mi:ss')",
        "true",
    ),
    "row_number": (
        'row_number() OVER (PARTITION BY "at" ORDER BY "seconds" DESC, "write_time" DESC)',
        "1",
    ),
}
ROW = (
    'SELECT \'2024-01-01T00:00:00Z\' AS "at", 1704067200.0 AS "seconds", '
    "TIMESTAMP '2023-12-31 23:59:59.999999' AS write_time"
)


@pytest.mark.parametrize("function", LISTED.read_text().split())
def test_p2_a_function_of_the_sdks_runs(athena, function):
    expression, value = AS_WRITTEN[function]
    assert athena.rows(f"SELECT {expression} FROM ({ROW}) AS table_base") == [(value,)]


def test_a_time_with_a_zone_is_none_for_to_timestamp(athena):
    # What as_of() writes for a datetime that has a zone.
    text = "2024-01-01 00:00:00+00:00"
    reason = athena.reason(f"SELECT to_timestamp('{text}', 'yyyy-mm-dd hh24:mi:ss')")
    assert reason.startswith("INVALID_FUNCTION_ARGUMENT: ")
