"""Feast's own reads, by a process on Feast's own Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.environments import ROOT
from benchmarks.function import environment
from benchmarks.peer import Peer, peer


def on_dynamodb(url: str) -> dict[str, object]:
    """Settings of Feast's online store, over the stub of DynamoDB."""
    store = {"type": "dynamodb", "region": "us-east-1", "endpoint_url": url}
    return {**store, "consistent_reads": True}


def on_valkey(address: str) -> dict[str, object]:
    """Settings of Feast's online store, over Valkey."""
    return {"type": "redis", "connection_string": address}


@dataclass(frozen=True, slots=True)
class FeastReads:
    """Feast in a process of its own, over a repository that ``feast serve`` can serve too."""

    repository: Path
    _peer: Peer

    def reading(self, size: str, clock: str, count: int) -> Callable[[], float]:
        """A round: milliseconds of a read of ``size`` (``100x50``) by a clock, wall or cpu."""
        records, width = map(int, size.split("x"))

        def one_round() -> float:
            taken: dict[str, float] = self._peer.ask(records=records, width=width, count=count)
            return taken[clock]

        one_round()
        return one_round


@contextmanager
def feast_reads(feast: Path, online_store: dict[str, object]) -> Iterator[FeastReads]:
    """Feast over an online store, its repository made and filled.

    Raises:
        PeerFailed: Feast could not prepare.
    """
    repository = ROOT / f"feast_{online_store['type']}"
    store = orjson.dumps(online_store).decode()
    python = feast / "bin/python"
    with peer(python, "feast_reads", repository, store, env=environment()) as process:
        yield FeastReads(repository, process)
