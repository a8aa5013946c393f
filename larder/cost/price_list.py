"""The dated price list, ``prices.yaml`` beside this file or one of the user's own in its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from larder.cost.terms import Function, Price, billed_ms
from larder.errors import ConfigurationError
from larder.extras import needs

LEAST_SCAN_BYTES = 10_000_000
"""What Athena charges a query for at least."""
OURS = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices by name, what a request takes in the function by kind, and the scales by name."""

    region: str
    prices: Mapping[str, Price]
    requests: Mapping[str, Mapping[str, float]]
    scales: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, path: Path = OURS) -> PriceList:
        """The list in a file.

        Raises:
            ConfigurationError: it can't be read, or is malformed.
        """
        with needs("cli", "the price list"):
            import yaml  # noqa: PLC0415 - optional

        try:
            found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            prices = {
                name: Price(**{**each, "date": str(each["date"])})
                for name, each in found["prices"].items()
            }
            return cls(**{**found, "prices": prices})
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"prices: {path} is no price list ({error}): write it like {OURS}."
            ) from error

    def query(self, bytes_scanned: int) -> float:
        """Dollars that Athena charges for a query that scans so many bytes."""
        return max(bytes_scanned, LEAST_SCAN_BYTES) / 1e12 * self.prices["athena_scan"].usd

    def function(self, memory_mb: int) -> Function:
        """The runtime function with that much memory, by the model of ``billed_ms``."""
        took = {
            f"{kind}_ms": billed_ms(each["cpu_ms"], each["wait_ms"], memory_mb)
            for kind, each in self.requests.items()
        }
        return Function(memory_mb=memory_mb, **took)
