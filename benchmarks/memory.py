"""InMemory groups, read from one Valkey: in process, through the handler, and over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import events, servers
from benchmarks.feast import Samples, measured_reads, on_valkey
from benchmarks.function import Handler, Shape, fill, tiered
from benchmarks.growth import growth_rows
from benchmarks.measure import Figure, cpu_milliseconds, figure, wall_milliseconds
from benchmarks.rows import Row
from benchmarks.serving import Served, feast_served, served_rows
from benchmarks.stub import instant_dynamodb
from larder.client.records import RecordsClient

_WIDTHS = (10, 50, 100, 250, 500)
_RECORDS = 100
_BARE = "redis-py, HMGET"


def rows(serving: Path | None, feast: Path | None, bare: Path | None) -> Iterator[Row]:
    """All of them; Feast's and the bare client's are left out where their environment is."""
    with instant_dynamodb() as store, servers.valkey() as valkey:
        shapes = {width: Shape(width, in_memory=True) for width in _WIDTHS}
        fill(store, list(shapes.values()), _RECORDS)
        handler, direct = tiered(store, valkey)
        names = [f"c{n}" for n in range(_RECORDS)]
        for shape in shapes.values():
            direct.get_many(shape.name, names)  # fills the tier
        limits = _bare_reads(bare, valkey) if bare else {}
        samples: Samples = {}
        peers: dict[str, Served] = {}
        if feast is not None:
            repository, samples = measured_reads(feast, on_valkey(valkey))
            peers = feast_served(feast, repository)
        yield from _in_process(direct, limits, samples)
        yield from _handled(handler, shapes)
        yield from growth_rows(direct, valkey)
        if serving is not None:
            name = "HTTP {} from Valkey, 16 connections"
            yield from served_rows(name, serving, shapes[10], (store, valkey), peers)


def _in_process(
    direct: RecordsClient, limits: dict[str, Figure], samples: Samples
) -> Iterator[Row]:
    names = [f"c{n}" for n in range(_RECORDS)]
    reads: dict[str, tuple[Callable[[], object], int]] = {
        "1x10": (partial(direct.get, "memory-10", "c0"), 400),
        "100x50": (partial(direct.get_many, "memory-50", names), 20),
    }
    for size, (read, count) in reads.items():
        limit = limits.get(size)
        peer = figure(samples[f"read-{size}"]["wall"]) if samples else None
        target = 2.5 if size == "100x50" else round(1.3 * limit.value, 4) if limit else None
        yield Row(
            id=f"FeatureStore read {size} from Valkey, p50",
            ours=wall_milliseconds(read, count=count),
            unit="ms",
            peer=peer,
            against="Feast in process" if peer else "",
            limit=limit,
            least=_BARE if limit else "",
            target=target,
        )


def _handled(handler: Handler, shapes: dict[int, Shape]) -> Iterator[Row]:
    requests = {
        "GetRecord 1x10 from Valkey": (events.get_record(shapes[10]), 200),
        "BatchGetRecord 100x10 from Valkey": (events.batch_get_record(shapes[10], 100), 20),
        "BatchGetRecord 100x50 from Valkey": (events.batch_get_record(shapes[50], 100), 15),
        "PutRecord 1x10, written through to Valkey": (events.put_record(shapes[10]), 100),
    }
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        figures = {
            name: cpu_milliseconds(partial(handler, event, None), count=count)[0]
            for name, (event, count) in requests.items()
        }
    for name, ours in figures.items():
        yield Row(id=name, ours=ours, unit="ms CPU")


def _bare_reads(bare: Path, valkey: str) -> dict[str, Figure]:
    script = Path(__file__).with_name("bare_client.py")
    command = [str(bare / "bin/python"), "-P", str(script), *valkey.split(":")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, list[float]] = json.loads(done.stdout)
    return {row: figure(samples) for row, samples in measured.items()}
