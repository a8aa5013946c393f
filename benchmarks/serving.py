"""The read function as an HTTP service, and Feast's, over the same stub of DynamoDB."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks import events, servers
from benchmarks.environments import ROOT
from benchmarks.function import Shape, environment, fill
from benchmarks.http_load import drive, request
from benchmarks.measure import Figure, figure
from benchmarks.rows import Row
from benchmarks.stub import instant_dynamodb

_CONNECTIONS = 16
_SECONDS = 4.0
_ROUNDS = 3
_SIZES = {"1x10": 1, "100x10": 100}
_TARGETS = {"1x10": 5000, "100x10": 1500}
_IN_PROCESS = {"read-1x10": "GetRecord 1x10", "read-100x10": "BatchGetRecord 100x10",
               "read-100x50": "BatchGetRecord 100x50"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """Requests per second, milliseconds within which 99 % were answered, CPU of each."""

    rate: Figure
    p99: Figure
    cpu: Figure


def rows(serving: Path | None, feast: Path | None, in_process: list[Row]) -> Iterator[Row]:
    """Rows over HTTP, and Feast's beside ours of ``in_process``."""
    with instant_dynamodb() as store:
        shape = Shape(10)
        fill(store, [shape], 100)
        repository = ROOT / "feast_repository"
        peers: dict[str, Served] = {}
        if feast is not None:
            yield from _reads(feast, repository, store, in_process)
            with servers.feast(feast, repository, store) as server:
                peers = {size: _served(server, _feast_request(n)) for size, n in _SIZES.items()}
        if serving is None:
            return
        with servers.larder(serving, store) as server:
            for size, records in _SIZES.items():
                ours = _served(server, _request(shape, records))
                yield from _rows(size, ours, peers.get(size))


def _reads(feast: Path, repository: Path, store: str, in_process: list[Row]) -> Iterator[Row]:
    script = Path(__file__).with_name("feast_peer.py")
    command = [str(feast / "bin/python"), "-P", str(script), str(repository), store]
    done = subprocess.run(
        command, env=environment(store), capture_output=True, text=True, check=True
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    ours = {row.id: row for row in in_process}
    for row, name in _IN_PROCESS.items():
        yield Row(
            id=f"{name}, beside Feast",
            ours=ours[name].ours,
            unit="ms CPU",
            peer=figure(measured[row]["cpu"]),
            against="Feast in process",
        )


def _rows(size: str, ours: Served, peer: Served | None) -> Iterator[Row]:
    name = f"HTTP {size}, {_CONNECTIONS} connections"
    against = "feast serve" if peer else ""
    yield Row(
        id=name,
        ours=ours.rate,
        unit="req/s",
        peer=peer.rate if peer else None,
        against=against,
        target=_TARGETS[size],
        rate=True,
    )
    p99 = peer.p99 if peer else None
    yield Row(id=f"{name}, p99", ours=ours.p99, unit="ms", peer=p99, against=against)
    cpu = peer.cpu if peer else None
    yield Row(id=f"{name}, server", ours=ours.cpu, unit="ms CPU", peer=cpu, against=against)


def _served(server: servers.Server, ask: bytes) -> Served:
    drive(server.url, ask, connections=_CONNECTIONS, seconds=1.0)
    rates, p99s, cpus = [], [], []
    for _ in range(_ROUNDS):
        before = server.cpu_seconds()
        load = drive(server.url, ask, connections=_CONNECTIONS, seconds=_SECONDS)
        if load.failures:
            raise RuntimeError(f"{load.failures} of {len(load.latencies)} answers were no 200")
        cpus.append((server.cpu_seconds() - before) * 1000 / len(load.latencies))
        rates.append(load.rate)
        p99s.append(load.percentile(0.99))
    return Served(figure(rates), figure(p99s), figure(cpus))


def _request(shape: Shape, records: int) -> bytes:
    event = events.get_record(shape)
    if records == 1:
        return request("GET", f"{event['rawPath']}?{event['rawQueryString']}")
    event = events.batch_get_record(shape, records)
    return request("POST", event["rawPath"], event["body"].encode())


def _feast_request(records: int) -> bytes:
    body = {
        "features": [f"view10:feature_{n:03}" for n in range(10)],
        "entities": {"id": [f"c{n}" for n in range(records)]},
    }
    return request("POST", "/get-online-features", orjson.dumps(body))
