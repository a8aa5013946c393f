"""Card payments of January 2025 as a table of Glue: made by a generator with a seed.

No bank's data are here. A payment is likelier to be a fraud where its amount is far above what its
card usually pays, and where its merchant has many chargebacks. The features of cards are computed
of this table by the definition ``features/card.yaml``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from examples.flight_events import publish_tables

Payment = dict[str, Any]
SEED, CARDS, MERCHANTS, PAYMENTS = 7, 200, 25, 6_000
FIRST, UNTIL = "2025-01-01T00:00Z", "2025-02-01T00:00Z"
DATABASE, NAME = "payments", "transactions"
_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_MEAN_SECONDS = 430.0  # between two payments, so that all of them lie within the month
SCHEMA = pa.schema(
    [
        ("transaction_id", pa.int64()),
        ("card_id", pa.string()),
        ("merchant_id", pa.string()),
        ("authorized_at", pa.timestamp("us")),
        ("amount", pa.float64()),
        ("status", pa.string()),
    ]
)


@cache
def made_payments() -> list[Payment]:
    """Payments in the order in which they happen; ``fraud`` is what became known later."""
    random = Random(SEED)  # noqa: S311 - nothing secret
    usual = {f"card-{n}": random.lognormvariate(3.5, 0.6) for n in range(CARDS)}
    rates = {f"shop-{n}": round(random.betavariate(1, 30), 4) for n in range(MERCHANTS)}
    payments, when = [], _BEGIN
    for number in range(PAYMENTS):
        when += timedelta(seconds=1 + int(random.expovariate(1 / _MEAN_SECONDS)))
        card, merchant = random.choice(list(usual)), random.choice(list(rates))
        amount = round(usual[card] * random.lognormvariate(0, 0.9), 2)
        odds = -6 + 2.0 * np.log(amount / usual[card]) + 30 * rates[merchant]
        payments.append(
            {
                "transaction_id": number,
                "card_id": card,
                "merchant_id": merchant,
                "authorized_at": when,
                "amount": amount,
                "status": random.choices(["APPROVED", "DECLINED", "TEST"], [94, 5, 1])[0],
                "chargeback_rate": rates[merchant],
                "fraud": int(random.random() < 1 / (1 + np.exp(-odds))),
            }
        )
    return payments


def table() -> Any:  # noqa: ANN401 - Arrow is untyped
    """The payments as events: what a bank knows as they happen."""
    rows = [
        {**each, "authorized_at": each["authorized_at"].replace(tzinfo=None)}
        for each in made_payments()
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def publish() -> None:
    """Write the table where pipelines read."""
    publish_tables(DATABASE, "card-payments", {NAME: table})
