"""The read function as an HTTP service, and Feast's, over the same stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks import events, servers
from benchmarks.feast import Samples, measured_reads, on_dynamodb
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
    """Rows over HTTP and DynamoDB's stub, and Feast's beside ours of ``in_process``."""
    with instant_dynamodb() as store:
        shape = Shape(10)
        fill(store, [shape], 100)
        peers: dict[str, Served] = {}
        if feast is not None:
            repository, samples = measured_reads(feast, on_dynamodb(store))
            yield from _beside_feast(samples, in_process)
            peers = feast_served(feast, repository)
        if serving is not None:
            yield from served_rows("HTTP {}, 16 connections", serving, shape, (store, ""), peers)


def feast_served(feast: Path, repository: Path) -> dict[str, Served]:
    """``feast serve`` under the load of each size."""
    with servers.feast(feast, repository) as server:
        return {size: _served(server, _feast_request(n)) for size, n in _SIZES.items()}


def served_rows(
    name: str, serving: Path, shape: Shape, stores: tuple[str, str], peers: dict[str, Served]
) -> Iterator[Row]:
    """The function under the same load, over DynamoDB's and Valkey's addresses in ``stores``."""
    with servers.larder(serving, environment(*stores)) as server:
        for size, records in _SIZES.items():
            ours = _served(server, _request(shape, records))
            yield from _rows(name.format(size), _TARGETS[size], ours, peers.get(size))


def _beside_feast(samples: Samples, in_process: list[Row]) -> Iterator[Row]:
    ours = {row.id: row for row in in_process}
    for row, name in _IN_PROCESS.items():
        yield Row(
            id=f"{name}, beside Feast",
            ours=ours[name].ours,
            unit="ms CPU",
            peer=figure(samples[row]["cpu"]),
            against="Feast in process",
        )


def _rows(name: str, target: float, ours: Served, peer: Served | None) -> Iterator[Row]:
    against = "feast serve" if peer else ""
    yield Row(
        id=name,
        ours=ours.rate,
        unit="req/s",
        peer=peer.rate if peer else None,
        against=against,
        target=target,
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
