"""TLS, and users with passwords and rights."""

import ssl

import pytest

from larder.aws.trust import Trust
from larder.valkey import ValkeyEndpoint
from larder.valkey.connection import Connector, Deadline
from larder.valkey.exchange import Exchange
from larder.valkey.node import Node
from larder.valkey.replies import ErrorCounts
from larder.valkey.requests import get_requests
from local.emulator.certificate import write
from tests.contract.valkey.answers import BUDGET, ECHO, SHORT, STORE, reasons
from tests.support.clocks import SleepingClock
from tests.support.valkey_servers import tls_proxy, valkey_server

USERS = (
    "requirepass master",
    "user larder on >secret ~* -@all +get +del +evalsha +script|load +set +cluster|slots",
    "user blind on >secret ~* -@all +get +evalsha +script|load",
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificate")
    write(directory)
    return directory


@pytest.fixture(scope="module")
def guarded():
    with valkey_server(configuration=USERS) as server:
        yield server


def trusting(proxy, certificate, host="127.0.0.1"):
    bundle = str(certificate / "server.crt")
    return ValkeyEndpoint.at(f"{host}:{proxy.port}", tls=True, ca_bundle=bundle)


def test_a_user_is_served_over_tls_and_authenticates_each_connection(
    guarded, certificate, client_of
):
    asked = []

    def credentials():
        asked.append(1)
        return "larder", "secret"

    with tls_proxy(guarded, certificate) as proxy:
        client = client_of(trusting(proxy, certificate), credentials=credentials)
        assert client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET) == [b"1"]
        assert client.get([b"a"] * 100, seconds=BUDGET) == [b"1"] * 100
        assert (proxy.connections, len(asked)) == (1, 1)
        proxy.reset()
        assert client.delete([b"a"], seconds=BUDGET) == [1]
        assert (client.disruptions, proxy.connections, len(asked)) == (1, 2, 2)
        proxy.stall()
        assert reasons(client.get([b"a"], seconds=SHORT)) == [("timeout", False)]
        assert reasons(client.get([b"a"], seconds=SHORT)) == [("timeout", False)]
        proxy.resume()
        assert client.run(ECHO, [(b"a", [b"2"])], seconds=BUDGET) == [[b"a", b"2"]]


def test_large_values_come_whole_through_tls(guarded, certificate, client_of):
    value = bytes(range(256)) * 4_000
    with tls_proxy(guarded, certificate) as proxy:
        client = client_of(
            trusting(proxy, certificate, "localhost"), credentials=lambda: ("larder", "secret")
        )
        assert client.run(STORE, [(b"a", [value])] * 3, seconds=BUDGET) == [value] * 3
        assert client.get([b"a"] * 3, seconds=BUDGET) == [value] * 3


def test_an_idle_connection_over_tls_is_found_open(guarded, certificate):
    clock, errors = SleepingClock(), ErrorCounts()
    with tls_proxy(guarded, certificate) as proxy:
        endpoint = trusting(proxy, certificate)
        trust = Trust(endpoint.ca_bundle)
        connector = Connector(trust, lambda: ("larder", "secret"), BUDGET, clock)
        node = Node(endpoint, connector, errors, 1)
        for _ in range(3):
            exchange = Exchange(node, get_requests([b"idle"])[0], 1, Deadline(BUDGET)).start()
            assert exchange.finish() == [None]
            clock.sleep(30)
        node.retire()
        assert (proxy.connections, errors.disruptions) == (1, 0)


def test_a_certificate_that_is_not_trusted_is_refused(guarded, certificate, client_of):
    with tls_proxy(guarded, certificate) as proxy:
        endpoint = ValkeyEndpoint.at(proxy.address, tls=True)
        client = client_of(endpoint, credentials=lambda: pytest.fail("told a stranger"))
        (answer,) = client.get([b"a"], seconds=BUDGET)
        assert "CERTIFICATE_VERIFY_FAILED" in answer.reason
        assert (client.disruptions, client.timeouts) == (0, 0)


def test_a_server_of_another_authority_is_trusted_where_the_system_trusts_it(
    guarded, certificate, client_of, monkeypatch
):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with tls_proxy(guarded, certificate) as proxy:
        endpoint = ValkeyEndpoint.at(proxy.address, tls=True)
        client = client_of(endpoint, credentials=lambda: ("larder", "secret"))
        # from here on the system trusts it; the client has not looked there
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "server.crt"))
        assert client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET) == [b"1"]


def test_a_bundle_that_is_not_there_is_said_at_construction(client_of):
    endpoint = ValkeyEndpoint.at("localhost:1", tls=True, ca_bundle="/nowhere.pem")
    with pytest.raises((FileNotFoundError, ssl.SSLError)):
        client_of(endpoint)


@pytest.mark.parametrize(
    ("credentials", "word"), [(("larder", "wrong"), "WRONGPASS"), (("nobody", "x"), "WRONGPASS")]
)
def test_wrong_credentials_are_a_refusal(guarded, client_of, credentials, word):
    client = client_of(guarded, credentials=lambda: credentials)
    assert reasons(client.get([b"a", b"b"], seconds=BUDGET)) == [(word, True)] * 2
    assert (client.disruptions, client.timeouts) == (0, 0)


def test_without_credentials_a_guarded_server_refuses(guarded, client_of):
    assert reasons(client_of(guarded).get([b"a"], seconds=BUDGET)) == [("NOAUTH", True)]


def test_what_a_user_may_not_do_is_refused_and_the_rest_is_done(guarded, client_of):
    client = client_of(guarded, credentials=lambda: ("larder", "secret"))
    writing = client.run(STORE, [(b"a", [b"1"])], seconds=BUDGET)
    blind = client_of(guarded, credentials=lambda: ("blind", "secret"))
    assert blind.get([b"a"], seconds=BUDGET) == writing  # though it may not ask for the slots
    assert reasons(blind.delete([b"a"], seconds=BUDGET)) == [("NOPERM", True)]


def test_what_gives_the_credentials_may_fail_and_holds_nothing(guarded, client_of):
    def credentials():
        raise LookupError("none today")

    client = client_of(guarded, credentials=credentials, size=1)
    for _ in range(2):
        with pytest.raises(LookupError, match="none today"):
            client.get([b"a"], seconds=BUDGET)
