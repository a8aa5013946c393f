"""The card group of the fraud example against SQL by hand and a loop, at every payment (M16)."""

from datetime import timedelta

import duckdb
import pytest

from examples import payments
from larder.declared.files import load_pipeline
from larder.pipelines.runs.documents import instant
from larder.pipelines.sql.statement import Interval
from tests.support.flights import FEATURES, rows_of

BY_HAND = """
SELECT card_id, strftime(authorized_at + INTERVAL 1 SECOND, '%Y-%m-%dT%H:%M:%SZ') AS event_time,
       amount AS last_amount,
       count(*) OVER hour AS transactions_1h, count(*) OVER day AS transactions_24h,
       count(*) OVER week AS transactions_7d, avg(amount) OVER month AS mean_amount_30d,
       sum(amount) OVER day AS spend_24h,
       avg((status = 'DECLINED')::INT) OVER week AS decline_rate_7d
FROM transactions WHERE status <> 'TEST'
WINDOW hour AS (PARTITION BY card_id ORDER BY authorized_at
                RANGE BETWEEN INTERVAL '00:59:59.999999' PRECEDING AND CURRENT ROW),
       day AS (PARTITION BY card_id ORDER BY authorized_at
               RANGE BETWEEN INTERVAL '23:59:59.999999' PRECEDING AND CURRENT ROW),
       week AS (PARTITION BY card_id ORDER BY authorized_at
                RANGE BETWEEN INTERVAL '6 days 23:59:59.999999' PRECEDING AND CURRENT ROW),
       month AS (PARTITION BY card_id ORDER BY authorized_at
                 RANGE BETWEEN INTERVAL '29 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
"""
SAMPLED = 300
NAMED = ("card_id", "event_time")


@pytest.fixture(scope="module")
def computed():
    """The definition's rows by card and event time."""
    month = Interval(instant("from", payments.FIRST), instant("to", payments.UNTIL))
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'; CREATE SCHEMA payments")
        database.register("given", payments.table())
        database.execute("CREATE TABLE payments.transactions AS SELECT * FROM given")
        rows = rows_of(database, load_pipeline(FEATURES / "card.yaml"), month)
    return {(each["card_id"], each["event_time"]): each for each in rows}


def test_every_payment_has_the_row_that_a_query_by_hand_gives(computed):
    with duckdb.connect() as database:
        database.register("transactions", payments.table())
        found = database.execute(BY_HAND)
        names = [column[0] for column in found.description]
        wanted = {row[:2]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
    assert len(wanted) > 5_900
    assert computed.keys() == wanted.keys()
    for key, row in computed.items():
        assert numbers_of(row) == pytest.approx(numbers_of(wanted[key]), rel=1e-12), key


def numbers_of(row):
    return {name: value for name, value in row.items() if name not in NAMED}


def test_sampled_payments_have_what_a_loop_over_the_payments_gives(computed):
    real = [each for each in payments.made_payments() if each["status"] != "TEST"]
    for payment in real[:: len(real) // SAMPLED]:
        card, now = payment["card_id"], payment["authorized_at"]
        ages = [(now - each["authorized_at"], each) for each in real if each["card_id"] == card]
        day = [each for age, each in ages if timedelta(0) <= age < timedelta(days=1)]
        week = [each for age, each in ages if timedelta(0) <= age < timedelta(days=7)]
        month = [each["amount"] for age, each in ages if timedelta(0) <= age < timedelta(days=30)]
        row = computed[card, f"{now + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"]
        assert row["last_amount"] == payment["amount"]
        assert (row["transactions_24h"], row["transactions_7d"]) == (len(day), len(week))
        assert row["spend_24h"] == pytest.approx(sum(each["amount"] for each in day))
        assert row["mean_amount_30d"] == pytest.approx(sum(month) / len(month))
        declined = sum(each["status"] == "DECLINED" for each in week)
        assert row["decline_rate_7d"] == pytest.approx(declined / len(week))


def test_the_payments_lie_within_the_month(computed):
    times = [each["authorized_at"] for each in payments.made_payments()]
    assert times == sorted(times)
    assert f"{times[-1]:%Y-%m}" == "2025-01"
    assert 0.01 < sum(each["fraud"] for each in payments.made_payments()) / len(times) < 0.1
