"""A platform whose records are erased, on stores that moto serves."""

import pytest

from larder.groups.feature_group import TableFormat
from tests.support.erasure import ErasureBench
from tests.support.moto_cloud import moto_cloud


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


@pytest.fixture
def bench_of(cloud, monkeypatch):
    """Makes the platform, its group's history of a table format."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    return lambda table_format: ErasureBench(monkeypatch, table_format)


@pytest.fixture
def bench(bench_of):
    return bench_of(TableFormat.ICEBERG)


@pytest.fixture
def hive(bench_of):
    return bench_of(TableFormat.GLUE)


@pytest.fixture(params=list(TableFormat))
def any_bench(bench_of, request):
    return bench_of(request.param)
