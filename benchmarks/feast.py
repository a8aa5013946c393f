"""Feast's own reads, measured in a process on Feast's own Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.environments import ROOT
from benchmarks.function import environment

Samples = dict[str, dict[str, list[float]]]


def on_dynamodb(url: str) -> dict[str, object]:
    """Settings of Feast's online store, over the stub of DynamoDB."""
    store = {"type": "dynamodb", "region": "us-east-1", "endpoint_url": url}
    return {**store, "consistent_reads": True}


def on_valkey(address: str) -> dict[str, object]:
    """Settings of Feast's online store, over Valkey."""
    return {"type": "redis", "connection_string": address}


def measured_reads(feast: Path, online_store: dict[str, object]) -> tuple[Path, Samples]:
    """The repository made, and milliseconds by row of ``feast_peer.ROWS``, wall and CPU."""
    repository = ROOT / f"feast_{online_store['type']}"
    script = Path(__file__).with_name("feast_peer.py")
    python = str(feast / "bin/python")
    command = [python, "-P", str(script), str(repository), json.dumps(online_store)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Feast could not be measured: {done.stderr[-2000:]}")
    samples: Samples = json.loads(done.stdout.splitlines()[-1])
    return repository, samples
