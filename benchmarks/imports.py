"""Cold start of the read function: CPU time of its import, and what it weighs unzipped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from benchmarks.function import environment
from benchmarks.measure import Figure, figure
from benchmarks.rows import Row
from stacks.constructs.function_code import copy_compiled

_TIMES = 15
_START = "import sys, time; sys.path[:0] = {paths!r}; start = time.process_time(); "
_END = "; print((time.process_time() - start) * 1000)"
_OURS = "import lambdas.runtime.handler"
_LEAST = "import ssl, orjson; ssl.create_default_context()"
_BOTO3 = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
_FEAST = "import feast; feast.FeatureStore"


def rows(feast: Path | None) -> Iterator[Row]:
    """Import and size; beside Feast's where ``feast`` is its environment."""
    packages = Path(orjson.__file__).parent
    site = str(packages.parent)
    with tempfile.TemporaryDirectory() as folder:
        copy_compiled("runtime", Path(folder))
        ours = _import(sys.executable, _OURS, [folder, site])
        weight = Figure(_megabytes(Path(folder)) + _megabytes(packages))
    yield Row(
        id="import of the read function",
        ours=ours,
        unit="ms CPU",
        peer=_import(sys.executable, _BOTO3, [site]),
        against="boto3 and one client",
        limit=_import(sys.executable, _LEAST, [site]),
        least="TLS, its certificates, orjson",
        target=100,
    )
    name = "read function, unzipped"
    if feast is None:
        yield Row(id=name, ours=weight, unit="MB", target=10)
    else:
        theirs = Figure(_megabytes(_site(feast)))
        yield Row(id=name, ours=weight, unit="MB", peer=theirs, against="Feast", target=10)
        peer = _import(str(feast / "bin/python"), _FEAST, [str(_site(feast))], times=5)
        name = "import of the read function, beside Feast"
        yield Row(id=name, ours=ours, unit="ms CPU", peer=peer, against="Feast's SDK")


def _site(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def _import(python: str, program: str, paths: list[str], *, times: int = _TIMES) -> Figure:
    command = [python, "-I", "-S", "-c", _START.format(paths=paths) + program + _END]
    env = {k: v for k, v in environment().items() if not k.startswith("AWS_ENDPOINT_URL")}
    run = [
        subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        for _ in range(times + 1)
    ]
    return figure([float(done.stdout) for done in run[1:]])  # the first may have written .pyc files


def _megabytes(folder: Path) -> float:
    sizes = (path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return sum(sizes) / 2**20
