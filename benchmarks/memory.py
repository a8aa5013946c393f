"""InMemory groups, read from one Valkey: in process, through the handler, and over HTTP."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from benchmarks import events, servers
from benchmarks.feast import FeastReads, feast_reads, on_valkey
from benchmarks.function import Shape, Tiered, fill, tiered
from benchmarks.growth import growth_rows
from benchmarks.measure import Figure, cpu_round, in_turn, one_core, wall_round
from benchmarks.parts import Setting
from benchmarks.peer import Peer, peer
from benchmarks.rows import Beside, Row, at_least, at_most
from benchmarks.serving import served_rows
from benchmarks.stub import instant_dynamodb

_WIDTHS = (10, 50, 100, 250, 500)
_RECORDS = 100
_COUNTS = {"1x10": 400, "100x50": 20}
"""Reads in a round by size; Feast makes a tenth of them."""
_OF_BARE = {"1x10": at_most(1.0), "100x50": at_most(0.6)}
_OF_SERVE = {"1x10": at_least(6), "100x10": at_least(15)}
_NAMES = [f"c{n}" for n in range(_RECORDS)]


def rows(setting: Setting) -> Iterator[Row]:
    """In process and through the handler on one core, then over HTTP on all of them."""
    with one_core(), instant_dynamodb() as store, servers.valkey() as valkey:
        shapes = _filled(store)
        ours = tiered(store, valkey)
        for shape in shapes.values():
            ours.direct.get_many(shape.name, _NAMES)  # fills the tier
        ours.take_counts()
        yield from _in_process(setting, ours, valkey)
        yield from _handled(ours, shapes)
        yield from growth_rows(ours.direct, valkey)
    with instant_dynamodb() as store, servers.valkey() as valkey:
        shape = _filled(store)[10]
        repository = None
        if setting.feast is not None:
            with feast_reads(setting.feast, on_valkey(valkey)) as feast:
                repository = feast.repository
        name, stores = "HTTP {} from Valkey, 16 connections", (store, valkey)
        yield from served_rows(name, setting, shape, stores, repository, _OF_SERVE)


def _filled(store: str) -> dict[int, Shape]:
    shapes = {width: Shape(width, in_memory=True) for width in _WIDTHS}
    fill(store, list(shapes.values()), _RECORDS)
    return shapes


def _in_process(setting: Setting, ours: Tiered, valkey: str) -> Iterator[Row]:
    """Medians on the clock, beside Feast and a bare client, in turn."""
    reads: dict[str, Callable[[], object]] = {
        "1x10": partial(ours.direct.get, "memory-10", "c0"),
        "100x50": partial(ours.direct.get_many, "memory-50", _NAMES),
    }
    with ExitStack() as peers:
        bare = feast = None
        if setting.bare_client is not None:
            python = setting.bare_client / "bin/python"
            bare = peers.enter_context(peer(python, "redis_reads", *valkey.split(":")))
        if setting.feast is not None:
            feast = peers.enter_context(feast_reads(setting.feast, on_valkey(valkey)))
        for size, read in reads.items():
            row = _beside(size, read, bare, feast)
            _check(ours, row.id)
            yield row


def _beside(
    size: str, read: Callable[[], object], bare: Peer | None, feast: FeastReads | None
) -> Row:
    count = _COUNTS[size]
    rounds = [wall_round(read, count)]
    if bare is not None:
        rounds.append(partial(bare.ask, size=size, count=count))
    if feast is not None:
        rounds.append(feast.reading(size, "wall", count // 10))
    mine, *others = in_turn(*rounds)
    limit: Figure | None = others.pop(0) if bare is not None else None
    theirs: Figure | None = others.pop(0) if feast is not None else None
    return Row(
        id=f"FeatureStore read {size} from Valkey, p50",
        ours=mine,
        unit="ms",
        peer=Beside("Feast in process", theirs),
        limit=Beside("redis-py, HMGET", limit, _OF_BARE[size]),
    )


def _handled(ours: Tiered, shapes: dict[int, Shape]) -> Iterator[Row]:
    requests = {
        "GetRecord 1x10 from Valkey": (events.get_record(shapes[10]), 200),
        "BatchGetRecord 100x10 from Valkey": (events.batch_get_record(shapes[10], 100), 20),
        "BatchGetRecord 100x50 from Valkey": (events.batch_get_record(shapes[50], 100), 15),
        "PutRecord 1x10, written through to Valkey": (events.put_record(shapes[10]), 100),
    }
    for name, (event, count) in requests.items():
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            (figure,) = in_turn(cpu_round(partial(ours.handler, event, None), count))
        _check(ours, name)
        yield Row(id=name, ours=figure, unit="ms CPU")


def _check(ours: Tiered, row: str) -> None:
    """Say where reads went on to DynamoDB's stub, because Valkey was late or had forgotten."""
    for counts in ours.take_counts():
        hits = counts.pop("MemoryHits", 0)
        if counts:
            others = ", ".join(f"{name} {count}" for name, count in counts.items())
            print(f"  {row}: {hits} read from Valkey, {others}", file=sys.stderr)
