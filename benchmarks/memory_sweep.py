"""How long and how dear a request is by a function's memory: a table of ``docs/performance.md``.

A model, not a measurement on Lambda. It takes the CPU of the last benchmark (``results.json``) and
the waiting that ``larder/cost/prices.yaml`` assumes. Lambda's rule is that CPU is given in
proportion to memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from larder.cost.price_list import PriceList
from larder.cost.terms import VCPU_MB, billed_ms, gb_seconds

MEMORIES = (128, 256, 512, 1024, VCPU_MB, 3008)
_IMPORT = "import of the read function"
_REQUESTS = {
    "GetRecord 1x10": "get",
    "BatchGetRecord 100x30": "batch_get",
    "PutRecord 1x10": "put",
    "BatchWriteRecord 25x10": "batch_write",
}


def cpu_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """CPU milliseconds by row of a benchmark, of the rows that the sweep wants."""
    return {row["id"]: row["ours"] for row in rows if row["id"] in {*_REQUESTS, _IMPORT}}


def table(
    cpu: Mapping[str, float], prices: PriceList, memories: Sequence[int] = MEMORIES
) -> Iterator[str]:
    """Lines of a table in Markdown: billed milliseconds and dollars of a million requests."""
    yield "| memory | vCPU | import | " + " | ".join(_REQUESTS) + " |"
    yield "|--:|--:|--:|" + "--:|" * len(_REQUESTS)
    for memory in memories:
        share = min(memory, VCPU_MB) / VCPU_MB
        cells = [f"{memory} MB", f"{share:.2f}", f"{cpu[_IMPORT] / share:,.0f} ms"]
        for row, kind in _REQUESTS.items():
            took = billed_ms(cpu[row], prices.requests[kind]["wait_ms"], memory)
            cells.append(f"{took} ms, ${_dollars(prices, memory, took):.3f}")
        yield f"| {' | '.join(cells)} |"


def _dollars(prices: PriceList, memory: int, milliseconds: int) -> float:
    """A million requests' duration; the $0.20 of the requests themselves is the same for all."""
    return prices.prices["lambda_gb_seconds"].usd * gb_seconds(memory, milliseconds)
