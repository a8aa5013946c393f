"""The read function as an HTTP service, and Feast's, over the same stores."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson

from benchmarks import events, servers
from benchmarks.feast import feast_reads, on_dynamodb
from benchmarks.function import Shape, deployed, environment, fill
from benchmarks.http_load import drive, request
from benchmarks.measure import Figure, cpu_round, figure, in_turn, one_core
from benchmarks.parts import Setting
from benchmarks.rows import Beside, Goal, Row, at_least
from benchmarks.stub import instant_dynamodb

_CONNECTIONS = 16
_SECONDS = 3.0
_ROUNDS = 5
_SIZES = {"1x10": 1, "100x10": 100}
_GOALS = {"1x10": at_least(10), "100x10": at_least(20)}
_FEAST = "feast serve"


@dataclass(frozen=True, slots=True)
class _Beside:
    """A request in process beside Feast's: calls in a round of ours, and of Feast's."""

    name: str
    size: str
    ours: int
    theirs: int
    goal: Goal | None = None


_IN_PROCESS = (
    _Beside("GetRecord 1x10", "1x10", 200, 40, at_least(12)),
    _Beside("BatchGetRecord 100x10", "100x10", 12, 5),
    _Beside("BatchGetRecord 100x50", "100x50", 10, 4, at_least(25)),
)


@dataclass(frozen=True, slots=True)
class Service:
    """A server, and what it is asked for by size."""

    server: servers.Server
    requests: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Served:
    """Requests per second, milliseconds within which 99 % were answered, CPU of each."""

    rate: Figure
    p99: Figure
    cpu: Figure


def rows(setting: Setting) -> Iterator[Row]:
    """Rows in process beside Feast, then rows over HTTP, all over DynamoDB's stub."""
    if setting.feast is not None:
        with one_core(), instant_dynamodb() as store:
            yield from _beside_feast(setting.feast, store)
    repository = None
    with instant_dynamodb() as store:
        shape = Shape(10)
        fill(store, [shape], 100)
        if setting.feast is not None:
            with feast_reads(setting.feast, on_dynamodb(store)) as feast:
                repository = feast.repository
        stores = (store, "")
        yield from served_rows("HTTP {}, 16 connections", setting, shape, stores, repository)


def served_rows(
    name: str,
    setting: Setting,
    shape: Shape,
    stores: tuple[str, str],
    repository: Path | None,
    goals: Mapping[str, Goal] = _GOALS,
) -> Iterator[Row]:
    """The function under load, over DynamoDB's and Valkey's addresses in ``stores``.

    It is measured in turn with ``feast serve`` over Feast's repository, where there is one.
    """
    if setting.serving is None:
        return
    with ExitStack() as running:
        ours = running.enter_context(servers.larder(setting.serving, environment(*stores)))
        asked = {size: _request(shape, records) for size, records in _SIZES.items()}
        services = [Service(ours, asked)]
        if setting.feast is not None and repository is not None:
            theirs = running.enter_context(servers.feast(setting.feast, repository))
            asked = {size: _feast_request(records) for size, records in _SIZES.items()}
            services.append(Service(theirs, asked))
        for size in _SIZES:
            mine, *others = served(services, size)
            yield from _rows(name.format(size), goals[size], mine, others[0] if others else None)


def _beside_feast(feast: Path, store: str) -> Iterator[Row]:
    fill(store, [Shape(10), Shape(50)], 100)
    handler = deployed(store)
    with feast_reads(feast, on_dynamodb(store)) as theirs:
        for each in _IN_PROCESS:
            records, width = map(int, each.size.split("x"))
            shape = Shape(width)
            event = events.get_record(shape)
            if records > 1:
                event = events.batch_get_record(shape, records)
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
                ours, peer = in_turn(
                    cpu_round(partial(handler, event, None), each.ours),
                    theirs.reading(each.size, "cpu", each.theirs),
                )
            beside = Beside("Feast in process", peer, each.goal)
            yield Row(id=f"{each.name}, beside Feast", ours=ours, unit="ms CPU", peer=beside)


def _rows(name: str, goal: Goal, ours: Served, peer: Served | None) -> Iterator[Row]:
    rate, p99, cpu = (peer.rate, peer.p99, peer.cpu) if peer else (None, None, None)
    beside = Beside(_FEAST, rate, goal)
    yield Row(id=name, ours=ours.rate, unit="req/s", peer=beside, rate=True)
    yield Row(id=f"{name}, p99", ours=ours.p99, unit="ms", peer=Beside(_FEAST, p99))
    yield Row(id=f"{name}, server", ours=ours.cpu, unit="ms CPU", peer=Beside(_FEAST, cpu))


def served(services: Sequence[Service], size: str) -> list[Served]:
    """Each service under load, in turn."""
    found: list[list[tuple[float, float, float]]] = [[] for _ in services]
    for service in services:
        drive(service.server.url, service.requests[size], connections=_CONNECTIONS, seconds=1.0)
    for _ in range(_ROUNDS):
        for rounds, service in zip(found, services, strict=True):
            rounds.append(_round(service.server, service.requests[size]))
    return [Served(*map(figure, map(list, zip(*rounds, strict=True)))) for rounds in found]


def _round(server: servers.Server, ask: bytes) -> tuple[float, float, float]:
    before = server.cpu_seconds()
    load = drive(server.url, ask, connections=_CONNECTIONS, seconds=_SECONDS)
    if load.failures:
        raise RuntimeError(f"{load.failures} of {len(load.latencies)} answers were no 200")
    cpu = (server.cpu_seconds() - before) * 1000 / len(load.latencies)
    return load.rate, load.percentile(0.99), cpu


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
