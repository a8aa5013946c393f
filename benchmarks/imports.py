"""Cold start of the read function: CPU time of its import, and what it weighs unzipped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import orjson

from benchmarks.function import environment
from benchmarks.measure import Figure, in_turn
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Row, at_least
from stacks.constructs.function_code import copy_compiled

_FEAST_ROUNDS = 5
_MOST_MB = 3
_OF_THIS_MACHINE = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "SSL_CERT_")
"""Variables that a deployed function has not, by how they begin."""
_START = "import sys, time; sys.path[:0] = {paths!r}; start = time.process_time(); "
_END = "; print((time.process_time() - start) * 1000)"
_OURS = "import lambdas.runtime.handler"
LEAST = "import ssl, orjson; ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)"
_BOTO3 = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
_FEAST = "import feast; feast.FeatureStore"


def rows(setting: Setting) -> Iterator[Row]:
    """Import and size, beside Feast's where its environment can be installed."""
    site = str(Path(orjson.__file__).parents[1])
    packages = [Path(site, name) for name in ("orjson", "pybase64")]
    feast = setting.feast
    with tempfile.TemporaryDirectory() as folder:
        copy_compiled("runtime", Path(folder))
        start = import_round(sys.executable, _OURS, [folder, site])
        boto3 = import_round(sys.executable, _BOTO3, [site])
        ours, peer, least = in_turn(start, boto3, import_round(sys.executable, LEAST, [site]))
        weight = Figure(sum(map(_megabytes, (Path(folder), *packages))))
        beside = _beside_feast(feast, start) if feast else None
    yield Row(
        id="import of the read function",
        ours=ours,
        unit="ms CPU",
        peer=Beside("boto3 and one client", peer, at_least(1 / 0.45)),
        limit=Beside("TLS and orjson, no certificates", least),
    )
    theirs = Figure(_megabytes(_site(feast))) if feast else None
    yield Row(
        id="read function, unzipped",
        ours=weight,
        unit="MB",
        peer=Beside("Feast", theirs),
        most=_MOST_MB,
    )
    if beside is not None:
        yield beside


def _beside_feast(feast: Path, start: Callable[[], float]) -> Row:
    python = str(feast / "bin/python")
    theirs = import_round(python, _FEAST, [str(_site(feast))])
    ours, peer = in_turn(start, theirs, times=_FEAST_ROUNDS)
    name = "import of the read function, beside Feast"
    return Row(id=name, ours=ours, unit="ms CPU", peer=Beside("Feast's SDK", peer))


def _site(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def import_round(
    python: str, program: str, paths: list[str], settings: Mapping[str, str] = MappingProxyType({})
) -> Callable[[], float]:
    """A round: CPU milliseconds of the program in a new process, with more settings."""
    command = [python, "-I", "-S", "-c", _START.format(paths=paths) + program + _END]
    env = {k: v for k, v in environment().items() if not k.startswith(_OF_THIS_MACHINE)}
    env |= settings

    def one_round() -> float:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return float(done.stdout)

    one_round()  # it may have written .pyc files
    return one_round


def _megabytes(folder: Path) -> float:
    sizes = (path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return sum(sizes) / 2**20
