"""Servers that the tests of a file share, and clients that are closed after each test."""

import pytest

from larder.valkey import Valkey, ValkeyEndpoint
from tests.support.valkey_servers import fault_proxy, valkey_server


@pytest.fixture(scope="module")
def running():
    with valkey_server(cluster=False) as server:
        yield server


@pytest.fixture
def server(running):
    """A server that is no cluster; empty, and no client knows it yet."""
    running.command("FLUSHALL")
    running.command("SCRIPT", "FLUSH")
    return running


@pytest.fixture
def proxy(server):
    with fault_proxy(server) as proxy:
        yield proxy


@pytest.fixture
def client_of():
    """Makes clients of a server, a proxy or an endpoint."""
    clients = []

    def make(target, **options):
        if not isinstance(target, ValkeyEndpoint):
            target = ValkeyEndpoint.at(target.address, tls=False)
        clients.append(Valkey(target, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
