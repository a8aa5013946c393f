"""Which files lie in a table's projected partitions."""

from datetime import datetime

import pytest

from local.athena.errors import QueryFailed
from local.athena.tables.projection import matcher

NOW = datetime(2026, 3, 15, 12)


def partition_of(file, keys, location="s3://b/t/", **parameters):
    spelled = {name.replace("__", "."): value for name, value in parameters.items()}
    return matcher(spelled, location, keys, now=NOW)(file)


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("s3://b/t/kind=a/n=7/f.parquet", ("a", "7")),
        ("s3://b/t/kind=z/n=7/f.parquet", None),
        ("s3://b/t/kind=a/n=11/f.parquet", None),
        ("s3://b/t/kind=a/f.parquet", None),
    ],
)
def test_enum_and_integer_values_must_be_projected(file, values):
    found = partition_of(
        file,
        ["kind", "n"],
        projection__kind__type="enum",
        projection__kind__values="a, b",
        projection__n__type="integer",
        projection__n__range="0,10",
    )

    assert found == values


@pytest.mark.parametrize(
    ("day", "is_inside"),
    [("2026/03/14", True), ("2026/03/12", True), ("2026/03/11", False), ("2026/03/16", False)],
)
def test_dates_may_span_folders_and_run_up_to_now(day, is_inside):
    found = partition_of(
        f"s3://b/logs/{day}/f.parquet",
        ["day"],
        storage__location__template="s3://b/logs/${day}/",
        projection__day__type="date",
        projection__day__format="yyyy/MM/dd",
        projection__day__range="NOW-4DAYS,NOW" if day != "2026/03/11" else "NOW-3DAYS,NOW",
    )

    assert (found == (day,)) is is_inside


def test_a_key_without_projection_is_named():
    with pytest.raises(QueryFailed, match=r"column 'k': .*projection\.k\.type is not set"):
        partition_of("s3://b/t/k=1/f", ["k"])
