"""Bills as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from larder.cost.bills import LEFT_OUT, Bill
from larder.cost.price_list import PriceList
from larder.cost.terms import Function, Workload

_PARTS: Final = ("door", "function", "reads", "writes", "storage", "memory", "standing")


def document(
    prices: PriceList, use: Workload, function: Function, bills: Sequence[Bill]
) -> dict[str, Any]:
    """Everything: what was asked, the bills by part, and the prices with their sources."""
    return {
        "region": prices.region,
        "workload": asdict(use),
        "function": asdict(function),
        "bills": [
            {
                "door": bill.door,
                "usd": round(bill.usd, 2),
                "unconfirmed": bill.unconfirmed,
                "absent": bill.absent,
                "parts": {name: round(usd, 2) for name, usd in _parts(bill).items()},
            }
            for bill in bills
        ],
        "prices": {name: asdict(price) for name, price in prices.prices.items()},
        "left_out": LEFT_OUT,
    }


def table(
    prices: PriceList, use: Workload, function: Function, bills: Sequence[Bill]
) -> Iterator[str]:
    """Lines for a terminal; every column is dollars a month."""
    yield from _heading(prices, use, function)
    width = max(len(bill.door) for bill in bills) + 2
    yield f"{'':{width}} {'total':>10}  " + " ".join(f"{part:>9}" for part in _PARTS)
    for bill in bills:
        parts = _parts(bill)
        mark = "?" if bill.unconfirmed else " "
        cells = " ".join(_cell(parts[part]) for part in _PARTS)
        door = f"{'-' if bill.absent else ' '} {bill.door}"
        yield f"{door:{width}} {bill.usd:>10,.2f}{mark} {cells}".rstrip()
    yield "\nleft out: " + "; ".join(LEFT_OUT)
    yield "unconfirmed: " + ", ".join(
        f"{name} ${price.usd:g} per {price.per}"
        for name, price in prices.prices.items()
        if price.unconfirmed
    )


def _heading(prices: PriceList, use: Workload, function: Function) -> Iterator[str]:
    yield (
        f"{use.reads:g} M records read, {use.writes:g} M written in a month, {use.gb:g} GB online, "
        f"{use.record_kb:g} KB each; in-memory tier: {use.hot_share:.0%} of the records, "
        f"{use.hit_rate:.0%} of the reads"
    )
    yield (
        f"function: {function.memory_mb} MB, billed {function.get_ms:g} ms a read and "
        f"{function.put_ms:g} a write, {function.batch_get_ms:g} and {function.batch_write_ms:g} a "
        "batch (computed, not measured on Lambda)"
    )
    yield (
        f"US dollars a month, {prices.region}; '?' has an unconfirmed price in it, '-' before a "
        "door: the stage has it not\n"
    )


def _cell(usd: float) -> str:
    return f"{usd:>9,.2f}" if usd else f"{'-':>9}"


def _parts(bill: Bill) -> dict[str, float]:
    sums = dict.fromkeys(_PARTS, 0.0)
    for line in bill.lines:
        sums[line.part] += line.usd
    return sums
