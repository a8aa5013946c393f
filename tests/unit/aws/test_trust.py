"""Whom a connection to AWS trusts: Amazon's roots first, in the end what the system trusts."""

import re
import ssl
from pathlib import Path

import botocore
import pytest

from larder.aws import trust
from larder.aws.amazon_roots import AMAZON_ROOTS
from larder.aws.dynamodb.wire.endpoint import Endpoint
from larder.aws.dynamodb.wire.pool import ConnectionPool
from larder.aws.trust import Trust
from local.emulator.certificate import write
from tests.faults.dynamodb_server import DynamoServer, Fault

REQUEST = (
    b"POST / HTTP/1.1\r\nx-amz-target:DynamoDB_20120810.GetItem\r\ncontent-length:%d\r\n\r\n%b"
)
BODY = b'{"TableName":"records","Key":{"pk":{"S":"R#uid#1"},"sk":{"S":"rc1"}}}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificate")
    write(directory)
    return directory


@pytest.fixture
def server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "server.crt", certificate / "server.key")
    serving = DynamoServer(lambda _: Fault.NONE)
    with serving.serving(context) as url:
        serving.url = url
        yield serving


@pytest.fixture
def no_choice(monkeypatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def certificates(pem):
    pattern = r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----"
    return {ssl.PEM_cert_to_DER_cert(each) for each in re.findall(pattern, pem, flags=re.S)}


def roots_of(context):
    return set(context.get_ca_certs(binary_form=True))


def asked(pool):
    return pool.exchange(REQUEST % (len(BODY), BODY), 5.0).status


def test_amazons_roots_are_those_that_botocore_trusts():
    bundle = Path(botocore.__file__).with_name("cacert.pem").read_text()
    roots = certificates(AMAZON_ROOTS)
    assert len(roots) == 5
    assert roots <= certificates(bundle)


def test_without_another_choice_amazons_roots_are_read_alone():
    context = Trust(None, {}).context
    assert roots_of(context) == certificates(AMAZON_ROOTS)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.usefixtures("no_choice")
def test_a_file_chosen_by_openssls_variable_is_trusted_alone(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "server.crt"))
    assert Trust(None).context.cert_store_stats()["x509"] == 1


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_choice_by_openssls_variables_is_never_widened(variable):
    assert Trust(None, {variable: "/a/path"}).widen() is False


def test_a_bundle_is_trusted_alone(certificate):
    bundled = Trust(str(certificate / "server.crt"), {})
    assert bundled.context.cert_store_stats()["x509"] == 1
    assert bundled.widen() is False


@pytest.mark.usefixtures("no_choice")
def test_a_server_of_another_authority_is_trusted_where_the_system_trusts_it(
    server, certificate, monkeypatch
):
    pool = ConnectionPool(Endpoint.at(server.url, "us-east-1"))
    # from here on the system trusts it; the pool has not looked there
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "server.crt"))
    assert [asked(pool) for _ in range(3)] == [200] * 3
    pool.close()
    assert asked(pool) == 200
    pool.close()
    assert server.requests == 4


@pytest.mark.usefixtures("no_choice")
def test_a_server_that_nobody_vouches_for_is_refused_every_time(server):
    pool = ConnectionPool(Endpoint.at(server.url, "us-east-1"))
    for _ in range(3):
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(pool)
    assert server.requests == 0


@pytest.mark.usefixtures("no_choice")
def test_the_systems_certificates_are_read_once_and_amazons_stay(monkeypatch):
    read = []
    create = ssl.create_default_context
    narrow = Trust(None, {})
    monkeypatch.setattr(
        trust.ssl, "create_default_context", lambda **given: read.append(given) or create(**given)
    )
    assert [narrow.widen() for _ in range(3)] == [True, False, False]
    assert read == [{}]
    assert certificates(AMAZON_ROOTS) <= roots_of(narrow.context)


@pytest.mark.usefixtures("no_choice")
def test_a_connection_that_failed_while_another_thread_widened_is_tried_again():
    narrow = Trust(None, {})
    first = narrow.context

    def attempt(context):
        if context is first:
            narrow.widen()  # by another thread, before this one
            raise ssl.SSLCertVerificationError("unknown authority")
        return context

    assert narrow.connect(attempt) is narrow.context is not first
