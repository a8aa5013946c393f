"""What a pipeline's statement gives on DuckDB is what its rules say, read literally."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.pipelines.definition import Function, TimeUnit
from larder.pipelines.durations import DAY, HOUR, MINUTE, SECOND
from larder.pipelines.sql.statement import Interval, Shape
from tests.support.examples import examples
from tests.support.pipelines import (
    SQL,
    all_functions,
    expected,
    feature,
    on_duckdb,
    pipeline,
    random_stream,
    random_streams,
)

SEED = st.integers(0, 10**6)
SEEDS = st.lists(SEED, min_size=1, max_size=12)
"""Many at once: an engine takes longer to understand a statement than to run it."""
WINDOWS = {0: (HOUR, DAY, 7 * DAY), HOUR: (HOUR, DAY), 6 * HOUR: (DAY,), DAY: (DAY, 7 * DAY)}
EVERYTHING = Interval(-(10**15), 2 * 10**15)


def few(hop=0, **more):
    """A pipeline of a few functions, one of each way of computing."""
    features = [
        feature("count", Function.COUNT, DAY),
        feature("sum", Function.SUM, DAY, "x", scale=2),
        feature("most", Function.MAX, DAY, "x"),
        feature("cities", Function.DISTINCT, 2 * DAY, "city"),
        feature("last", Function.LAST, DAY, "city"),
    ]
    return pipeline(features, hop, **more)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("hop", WINDOWS)
@examples(0.06)
@given(SEEDS)
def test_every_function_is_as_its_rules_say(hop, shape, seeds):
    asked = pipeline(all_functions(WINDOWS[hop]), hop)
    stream = random_streams(seeds, hop)
    found = on_duckdb(asked, stream.events, stream.interval, shape)
    assert found == expected(asked, stream.events, stream.interval)


@pytest.mark.parametrize("hop", [0, HOUR])
@examples(0.06)
@given(SEEDS, st.integers(0, 10**12))
def test_an_interval_may_begin_and_end_anywhere(hop, seeds, shift):
    asked, stream = few(hop), random_streams(seeds)
    interval = Interval(stream.interval.after + shift, stream.interval.until + 2 * shift + 1)
    for shape in Shape:
        found = on_duckdb(asked, stream.events, interval, shape)
        assert found == expected(asked, stream.events, interval)


@pytest.mark.parametrize("hop", [0, HOUR, DAY])
@examples(0.03)
@given(SEEDS)
def test_rows_are_the_same_in_whatever_intervals_they_are_computed(hop, seeds):
    asked, dice = few(hop), random.Random(seeds[0])
    events = random_streams(seeds).events
    first = min((each["t"] for each in events), default=0) // DAY * DAY - DAY
    edges = [first + n * DAY for n in sorted(dice.sample(range(50), 5))]
    whole = on_duckdb(asked, events, Interval(edges[0], edges[-1]))
    parts = [
        on_duckdb(asked, events, Interval(after, until), dice.choice([*Shape]))
        for after, until in itertools.pairwise(edges)
    ]
    together = {point: row for part in parts for point, row in part.items()}
    assert sum(map(len, parts)) == len(together)
    assert together == whole


@examples(0.1)
@given(SEED)
def test_between_its_sparse_points_a_value_stays(seed):
    """A look-up as of any hop's end finds what computing at that very end would give (M5)."""
    asked, dice = few(HOUR), random.Random(seed)
    events = random_stream(seed).events
    rows = on_duckdb(asked, events, EVERYTHING)
    for key in {each["k"] for each in events}:
        points = sorted(point for of, point in rows if of == key)
        for _ in range(20):
            at = (dice.choice(points) // HOUR + dice.choice([0, 0, 1, 7, 100])) * HOUR
            newest = max(point for point in points if point <= at)
            assert rows[key, newest] == dense(asked, events, key, at)


def dense(asked, events, key, at):
    """The value at an instant that need not be a point."""
    values = {}
    own = {e["number"]: e for e in events if e["k"] == key and e["t"] <= at}
    seen = sorted(own.values(), key=lambda e: (e["t"], e["number"]))
    for each in asked.features:
        window = each.aggregate.window
        # a bucket leaves as a whole: at a hop's end it is in the window or not
        within = [SQL[each.aggregate.of](e) for e in seen if e["t"] > at - window]
        values[each.name] = of_values(each.aggregate.function, within)
    return values


def of_values(function, within):
    given = [each for each in within if each is not None]
    match function:
        case Function.COUNT:
            return len(given)
        case Function.DISTINCT:
            return len(set(given))
        case _ if not given:
            return None
        case Function.SUM:
            return sum(int(abs(v) * 100 + 0.5) * (1 if v >= 0 else -1) for v in given) / 100
        case Function.MAX:
            return max(given)
        case _:
            return given[-1]


@pytest.mark.parametrize("hop", [0, HOUR])
@examples(0.03)
@given(SEED)
def test_commits_in_any_order_end_in_the_same_rows(hop, seed):
    """Late events make intervals due again; the newest correction of a row wins."""
    asked, dice = few(hop), random.Random(seed)
    events = random_stream(seed).events
    table, committed = {}, []
    batches = [events[n::7] for n in range(7)]
    dice.shuffle(batches)
    for batch in batches:
        committed += batch
        for event in batch:
            # what an event can change: from its own instant until it has left every window
            until = event["t"] + asked.longest_window + (hop or 1)
            dirty = Interval((event["t"] - 1) // DAY * DAY, -(-until // DAY) * DAY)
            own = [e for e in committed if e["k"] == event["k"]]
            table |= expected(asked, own, dirty)
        if batch:
            again = on_duckdb(asked, committed, dirty, dice.choice([*Shape]))
            assert {point: table[point] for point in again} == again
    assert table == on_duckdb(asked, events, EVERYTHING)


@pytest.mark.parametrize("hop", [0, HOUR])
@pytest.mark.parametrize(
    ("unit", "column"),
    [
        (TimeUnit.TIMESTAMP, "make_timestamp(t)"),
        (TimeUnit.TIMESTAMP, "make_timestamp(t) AT TIME ZONE 'UTC'"),
        (TimeUnit.ISO8601, "strftime(make_timestamp(t), '%Y-%m-%dT%H:%M:%S.%fZ')"),
        (TimeUnit.ISO8601, "strftime(make_timestamp(t), '%Y-%m-%dT%H:%M:%SZ')"),
        (TimeUnit.SECONDS, "t // 1000000"),
        (TimeUnit.SECONDS, "t / 1000000"),
        (TimeUnit.MILLISECONDS, "t // 1000"),
    ],
    ids=["timestamp", "with-zone", "text", "text-of-seconds", "seconds", "fractions", "millis"],
)
def test_a_time_in_any_form_is_the_same_instant(unit, column, hop):
    grain = {"t // 1000": 1000, "t // 1000000": SECOND}.get(column, 1)
    grain = SECOND if column.endswith("%SZ')") else grain
    zone = "UTC" if "AT TIME ZONE" in column else "Asia/Tokyo"  # as Athena's sessions have
    asked = few(hop)
    source = replace(asked.source, unit=unit, time="stated")
    for seed in range(8):
        events = [{**e, "t": e["t"] // grain * grain} for e in random_stream(seed).events]
        interval = random_stream(seed, HOUR).interval
        found = on_duckdb(
            replace(asked, source=source),
            events,
            interval,
            columns=f"*, {column} AS stated",
            zone=zone,
        )
        assert found == expected(asked, events, interval)


@pytest.mark.parametrize("shape", Shape)
def test_windows_are_open_at_their_old_end_and_closed_at_the_new_one(shape):
    asked = pipeline([feature("count", Function.COUNT, HOUR)])
    events = [event(0), event(1), event(HOUR), event(HOUR + 1), event(HOUR + 1, number=9)]
    found = on_duckdb(asked, events, EVERYTHING, shape)
    counts = {point: row["count"] for (_, point), row in found.items()}
    assert counts == {0: 1, 1: 2, HOUR: 2, HOUR + 1: 3}


@pytest.mark.parametrize("shape", Shape)
def test_an_event_on_the_hour_belongs_to_the_hour_that_ends_there(shape):
    asked = pipeline([feature("count", Function.COUNT, HOUR)], HOUR)
    found = on_duckdb(asked, [event(-HOUR), event(-1), event(0), event(1)], EVERYTHING, shape)
    counts = {point: row["count"] for (_, point), row in found.items()}
    assert counts == {-HOUR: 1, 0: 2, HOUR: 1, 2 * HOUR: 0}


@pytest.mark.parametrize("shape", Shape)
def test_a_deviation_of_large_values_is_exact(shape):
    """In doubles, the difference of squares this large would have no digit left."""
    values = [1_000_000.001, 1_000_000.003, 1_000_000.002]
    events = [event(n * MINUTE, number=n, x=value) for n, value in enumerate(values)]
    asked = pipeline([feature("sd", Function.STDDEV, HOUR, "x", scale=6)])
    found = on_duckdb(asked, events, EVERYTHING, shape)
    assert found["a", 2 * MINUTE]["sd"] == 0.001
    assert found["a", MINUTE]["sd"] == pytest.approx(0.002 / 2**0.5, rel=1e-12)


@pytest.mark.parametrize("shape", Shape)
def test_of_copies_the_one_of_the_greatest_version_counts(shape):
    asked = pipeline([feature("sum", Function.SUM, HOUR, "x", scale=1)])
    source = replace(asked.source, version="n")
    copies = [event(0, x=5.0, n=1), event(0, x=2.0, n=3), event(0, x=9.0, n=2)]
    found = on_duckdb(replace(asked, source=source), copies, EVERYTHING, shape)
    assert found == {("a", 0): {"sum": 2.0}}


def test_rows_can_be_read_after_the_time_that_is_asked_for():
    asked = pipeline([feature("count", Function.COUNT, HOUR)], available_after=20 * MINUTE)
    assert list(on_duckdb(asked, [event(0)], Interval(-1, 0))) == [("a", 20 * MINUTE)]


def event(at, *, number=None, x=None, n=None):
    return {"k": "a", "t": at, "number": at if number is None else number} | {
        "x": x,
        "n": n,
        "city": None,
    }
