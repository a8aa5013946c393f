"""Numbers and charges in words."""

from __future__ import annotations

from larder.cost.price_list import PriceList
from larder.training_sets.ports import ATHENA


def size(count: int) -> str:
    """Bytes with a unit, such as ``1.2 kB``."""
    value, units = float(count), iter(("B", "kB", "MB", "GB"))
    for unit in units:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def charge(bytes_scanned: int, engine: str = ATHENA) -> str:
    """What a query scanned, and what AWS charges for it by the price list."""
    if engine != ATHENA:
        return f"{size(bytes_scanned)} read on this machine, by {engine}; no query is charged"
    prices = PriceList.read()
    price, dollars = prices.prices["athena_scan"], prices.query(bytes_scanned)
    return (
        f"{size(bytes_scanned)} scanned, about ${dollars:.5f} "
        f"(Athena in {prices.region}: ${price.usd:g} per {price.per})"
    )
