"""``python -m local.athena`` as the local platform runs it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.contract.athena.client import DEADLINE_SECONDS, Athena

ROOT = Path(__file__).parents[3]


class Process:
    """A running endpoint; its first line of output says where."""

    def __init__(self, *arguments, **env):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.athena", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def address(self):
        return self.process.stdout.readline().split()[-1]

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(DEADLINE_SECONDS)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def environment(endpoint, **more):
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **more,
    }


def client(service, endpoint, **more):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **more)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture(scope="module")
def tls_emulator(certificate):
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=certificate)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_self_signed_certificate_is_trusted_for_reading_and_writing(tls_emulator, certificate):
    bundle = certificate[0]
    client("s3", tls_emulator, verify=bundle).create_bucket(Bucket="tls")
    client("glue", tls_emulator, verify=bundle).create_database(DatabaseInput={"Name": "tls"})
    output = {"OutputLocation": "s3://tls/results/"}

    with Process(
        "--port", "0", **environment(tls_emulator, AWS_CA_BUNDLE=bundle, SSL_CERT_FILE=os.devnull)
    ) as process:
        athena = Athena(client("athena", process.address()))
        made = athena.run(
            "CREATE TABLE tls.t WITH (table_type = 'ICEBERG', location = 's3://tls/t') AS "
            "SELECT 1 AS x",
            workgroup="primary",
            ResultConfiguration=output,
        )
        read = athena.run("SELECT x FROM tls.t", workgroup="primary", ResultConfiguration=output)

        assert (made.state, made.reason, read.state, read.reason) == ("SUCCEEDED", "") * 2
        assert read.rows == [("1",)]
        assert athena.client.list_work_groups()["WorkGroups"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_even_while_a_statement_runs(cloud, s3, how):
    with Process("--port", "0", **environment(cloud.endpoint)) as process:
        client("athena", process.address()).start_query_execution(
            QueryString="SELECT count(*) FROM UNNEST(sequence(1, 60000)) a(x), "
            "UNNEST(sequence(1, 60000)) b(y) WHERE (x * y) % 7 = 3",
            ResultConfiguration={"OutputLocation": "s3://results/x/"},
        )

        assert process.stop(how) == 0
        assert process.process.stderr.read() == ""


def test_a_taken_port_is_named(cloud):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Process("--port", port, **environment(cloud.endpoint)) as process:
            assert process.process.wait(DEADLINE_SECONDS) == 2
            assert f"cannot serve 127.0.0.1:{port}: " in process.process.stderr.read()


def test_every_missing_variable_is_named():
    with Process(AWS_ACCESS_KEY_ID="test") as process:
        assert process.process.wait(DEADLINE_SECONDS) == 2
        assert (
            "not set: AWS_ENDPOINT_URL, AWS_SECRET_ACCESS_KEY, AWS_REGION"
            in process.process.stderr.read()
        )
