"""Environments of what is measured beside Larder, each its own: Feast, and an HTTP server."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1] / "build" / "bench"
FEAST = "feast[aws,redis]==0.67.0"
FEAST_JOINS = "feast[duckdb]==0.67.0"
SERVING = ("granian==2.8.7", "orjson==3.13.0", "hiredis==3.5.0")
MODELS = (*SERVING, "pybase64==1.5.1", "xgboost-cpu==3.0.5")
PEERS = {
    "litserve": ("litserve==0.2.19",),
    "bentoml": ("bentoml==1.4.40",),
    "mlflow": ("mlflow==3.17.2",),
}
"""Servers of models, by name. Each gets Feast and the library beside itself."""
EVIDENTLY = ("evidently==0.7.23", "pandas==2.3.3")
BARE = ("redis==8.1.0", "hiredis==3.5.0")
_MINUTES = 3


def feast() -> Path | None:
    """Feast's environment, made if it is not there; ``None``, with a word, where it can't be."""
    return _made("feast", FEAST)


def feast_joins() -> Path | None:
    """Feast with its DuckDB store; apart, because the size of ``feast`` is measured."""
    return _made("feast-joins", FEAST_JOINS)


def serving() -> Path | None:
    """The environment of the HTTP server that runs the function."""
    return _made("serving", *SERVING)


def models() -> Path | None:
    """The environment of the HTTP server that runs the inference function."""
    return _made("models", *MODELS)


def model_peer(name: str) -> Path | None:
    """The environment of a server of models, with Feast and XGBoost."""
    return _made(f"models-{name}", *PEERS[name], FEAST, "xgboost-cpu==3.0.5")


def evidently() -> Path | None:
    """The environment of Evidently, which watches models in pandas."""
    return _made("evidently", *EVIDENTLY)


def bare_client() -> Path | None:
    """The environment of redis-py, with its parser in C."""
    return _made("bare", *BARE)


def _made(name: str, *packages: str) -> Path | None:
    folder = ROOT / name
    ready = folder / ".ready"
    if ready.exists() and ready.read_text() == " ".join(packages):
        return folder
    uv = str(Path(sys.executable).parent / "uv")
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin/python")
    try:
        for command in (
            [uv, "venv", "--quiet", str(folder)],
            [uv, "pip", "install", "--quiet", "--system-certs", "--python", python, *packages],
        ):
            subprocess.run(command, check=True, timeout=60 * _MINUTES)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"left out: {name} could not be installed: {error}", file=sys.stderr)
        return None
    ready.write_text(" ".join(packages))
    return folder
