"""The three programs of the platform: the AWS emulator, Valkey, and our Athena endpoint."""

import os
import socket
import ssl
import sys
import urllib.error
import urllib.request

from local import tools
from local.layout import HOST, REGION, Platform
from local.processes import Service

NAMES = ("valkey", "athena", "emulator")
_CLUSTER_DIRECTORY = "valkey"
_ANSWER_SECONDS = 10.0
_NODE_ID = "0" * 39 + "1"


def all_services(platform: Platform) -> list[Service]:
    """The services in the order in which they start; they stop in the reverse order."""
    return [valkey(platform), athena(platform), emulator(platform)]


def valkey(platform: Platform) -> Service:
    """The cache behind ElastiCache: a cluster of one node, as a serverless cache looks.

    It keeps no data on disk, for it is never the only copy, and may take 256 MB: as on AWS, keys
    that expire are evicted above that.
    """
    port = platform.ports["valkey"]
    options = {
        "--bind": HOST,
        "--port": str(port),
        "--dir": str(platform.root / _CLUSTER_DIRECTORY),
        "--save": "",
        "--appendonly": "no",
        "--maxmemory": "256mb",
        "--maxmemory-policy": "volatile-lru",
        "--cluster-enabled": "yes",
        "--cluster-port": str(cluster_bus_port(port)),
        "--cluster-announce-ip": HOST,
        "--set-proc-title": "no",  # a process is known again by its command line
    }
    command = [str(tools.valkey_server(platform.tools)), *sum(options.items(), ())]
    return Service(
        name="valkey",
        command=command,
        environment=_base_environment(platform),
        healthy=lambda: _serves_every_slot(port),
        prepare=lambda: _assign_slots(platform),
    )


def cluster_bus_port(port: int) -> int:
    """Where a node of a cluster hears from others, here from none: 10,000 away from its own port,
    upwards if there is room, as Valkey does it."""
    return port + 10_000 if port + 10_000 < 65_536 else port - 10_000


def _assign_slots(platform: Platform) -> None:
    """Write the cluster's file: one node, all slots its own, before it starts for the first time.

    Valkey would otherwise start without slots, and assigning them is a command that some process
    would have to give.
    """
    port = platform.ports["valkey"]
    directory = platform.root / _CLUSTER_DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    address = f"{HOST}:{port}@{cluster_bus_port(port)}"
    (directory / "nodes.conf").write_text(
        f"{_NODE_ID} {address} myself,master - 0 0 1 connected 0-16383\n"
        "vars currentEpoch 1 lastVoteEpoch 0\n"
    )


def athena(platform: Platform) -> Service:
    """SQL over the tables in the emulator's Glue catalog and S3."""
    port = platform.ports["athena"]
    return Service(
        name="athena",
        command=[
            sys.executable,
            *("-m", "local.athena", "--port", str(port)),
            *(["--verify-callers"] if platform.strict else []),
        ],
        environment=_base_environment(platform) | platform.client_environment(),
        healthy=lambda: _answers(f"{platform.athena_endpoint}/health"),
        shows_threads=True,
    )


def emulator(platform: Platform) -> Service:
    """Everything else of AWS."""
    return Service(
        name="emulator",
        command=[str(tools.emulator_python(platform.tools)), "-m", "local.emulator"],
        environment=_emulator_environment(platform),
        healthy=lambda: _answers(f"{platform.endpoint}/_ministack/health", platform),
        shows_threads=True,
    )


def _emulator_environment(platform: Platform) -> dict[str, str]:
    variables = _base_environment(platform) | platform.client_environment()
    variables |= {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(platform.ports["emulator"]),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(platform.root / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(platform.root / "s3"),
        "REDIS_HOST": HOST,
        "REDIS_PORT": str(platform.ports["valkey"]),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "24",
        "LARDER_FUNCTION_PYTHON": str(tools.functions_python(platform.tools)),
        "LARDER_FUNCTION_NODE": str(tools.node()),
        "LARDER_JOB_LOGS": str(platform.log("emulator").parent),
        "LARDER_BATCH_WINDOW_LIMIT": str(platform.batch_window_limit),
    }
    if platform.spark:
        variables["LARDER_SPARK_PYTHON"] = str(tools.spark_python(platform.tools))
    if platform.strict:
        variables |= {
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(platform.certificate),
            "MINISTACK_SSL_KEY": str(platform.certificate.with_name("server.key")),
        }
    return variables


def _base_environment(platform: Platform) -> dict[str, str]:
    """A small environment of our own: functions inherit the emulator's, so the user's stays out."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(platform.root / "home"),
        "TMPDIR": str(platform.root / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "AWS_EC2_METADATA_DISABLED": "true",
        # A process that has to be aborted shows its threads; what it says is in the log at once.
        "PYTHONFAULTHANDLER": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _answers(url: str, platform: Platform | None = None) -> bool:
    trust = None
    if platform is not None and platform.strict:
        trust = ssl.create_default_context(cafile=str(platform.certificate))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    )
    try:
        with opener.open(url, timeout=_ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _serves_every_slot(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(b"CLUSTER INFO\r\n")
            return b"cluster_state:ok" in connection.recv(4096)
    except OSError:
        return False
