"""The example's definitions against SQL that people would write by hand for the same features.

Two things differ from the queries that were here before the definitions. A window is open at its
old end. A carrier's row says what is known at the end of an hour, and not at the hour's last event.
"""

import duckdb
import pytest

from examples import flight_events
from tests.support.flights import records

FIRST, UNTIL = "2013-01-09", "2013-01-11"
_EVENT_TIME = "strftime({}, '%Y-%m-%dT%H:%M:%SZ') AS event_time"
_WEEK = (
    "ORDER BY landed_at RANGE BETWEEN INTERVAL '6 days 23:59:59.999999' PRECEDING AND CURRENT ROW"
)
_HOUR = "time_bucket(INTERVAL 1 HOUR, known_at - INTERVAL 1 MICROSECOND) + INTERVAL 1 HOUR"
BY_HAND = {
    "aircraft": f"""
SELECT tail_number, {_EVENT_TIME.format("landed_at")}, manufacturer, model, engines, seats,
       2013 - planes.year AS age_years, count(*) OVER week AS flights_7d,
       avg(arr_delay) OVER week AS mean_arrival_delay_7d, arr_delay AS last_arrival_delay
FROM flights LEFT JOIN planes USING (tail_number)
WHERE landed_at IS NOT NULL AND arr_delay IS NOT NULL AND tail_number IS NOT NULL
WINDOW week AS (PARTITION BY tail_number {_WEEK})
QUALIFY landed_at > $first AND landed_at <= $until""",
    "route": f"""
SELECT DISTINCT route, {_EVENT_TIME.format("landed_at")}, origin, destination, distance_miles,
       count(*) OVER week AS flights_7d, avg(arr_delay) OVER week AS mean_arrival_delay_7d,
       avg(air_time) OVER week AS mean_air_time_7d
FROM flights WHERE landed_at IS NOT NULL AND arr_delay IS NOT NULL
WINDOW week AS (PARTITION BY route {_WEEK})
QUALIFY landed_at > $first AND landed_at <= $until""",
    "carrier": f"""
SELECT points.carrier, {_EVENT_TIME.format("hour_end + INTERVAL 10 MINUTES")},
       any_value(airlines.name) AS airline, count(*) AS flights_24h,
       avg(arr_delay) AS mean_arrival_delay_24h, avg((arr_delay > 15)::INT) AS late_rate_24h,
       avg((dep_time IS NULL)::INT) AS cancellation_rate_24h
FROM (SELECT DISTINCT carrier, {_HOUR} AS hour_end FROM flights
      WHERE known_at > $first AND known_at <= $until) AS points
JOIN flights ON flights.carrier = points.carrier
    AND known_at > hour_end - INTERVAL 1 DAY AND known_at <= hour_end
JOIN airlines ON airlines.carrier = points.carrier GROUP BY points.carrier, hour_end""",
    "origin_weather": f"""
SELECT origin, {_EVENT_TIME.format("observed_at")}, * EXCLUDE (origin, observation_id, observed_at)
FROM weather WHERE observed_at > $first AND observed_at <= $until""",
}


@pytest.fixture(scope="module")
def computed():
    """The definitions' rows by group, identifier and event time."""
    return {name: by_key(rows) for name, rows in records(FIRST, UNTIL).items()}


@pytest.fixture(scope="module")
def by_hand():
    """The same of the queries."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for name in flight_events.NAMES:
            database.register(name, flight_events.table(name))
        return {name: by_key(asked(database, sql)) for name, sql in BY_HAND.items()}


def asked(database, sql):
    found = database.execute(sql, {"first": FIRST, "until": UNTIL})
    names = [column[0] for column in found.description]
    for row in found.fetchall():
        yield {n: value for n, value in zip(names, row, strict=True) if value is not None}


def by_key(rows):
    return {tuple(row.values())[:2]: row for row in rows}


@pytest.mark.parametrize("group", BY_HAND)
def test_each_event_has_the_row_that_a_query_by_hand_gives(group, computed, by_hand):
    ours, wanted = computed[group], by_hand[group]
    assert len(wanted) > 100
    assert wanted.keys() <= ours.keys()
    for key, row in wanted.items():
        assert ours[key] == {
            name: pytest.approx(value, abs=1e-9) if isinstance(value, float) else value
            for name, value in row.items()
        }


def test_rows_without_an_event_are_those_where_a_flight_left_the_window(computed, by_hand):
    for group in ("aircraft", "route", "origin_weather"):
        assert computed[group].keys() == by_hand[group].keys()
    left = computed["carrier"].keys() - by_hand["carrier"].keys()
    assert left
