"""One moto server and one local Athena over it, for all tests of training sets."""

import pytest

from tests.contract.training_set.bench import Bench, local_athena
from tests.support.moto_cloud import moto_cloud


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory):
    with (
        moto_cloud() as endpoint,
        local_athena(endpoint, tmp_path_factory.mktemp("spill")) as athena,
    ):
        yield endpoint, athena


@pytest.fixture
def bench(endpoints, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoints[0])
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", endpoints[1])
    return Bench.open()
